//! Files of a case on the whole program, in process: what is taken, what is not, who sees them, and from where.

use crate::common::{Browser, Country, SERVICE, answered, country, filed, sent};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Method, Request, Response, StatusCode, header},
};
use futures_util::{StreamExt, stream};
use std::time::Duration;
use tower::ServiceExt;

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
const EDGE: &str = "a-boundary-of-ours";

fn form(secret: &str, name: &str, media: &str, bytes: &[u8]) -> Vec<u8> {
    let mut body = format!(
        "--{EDGE}\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{secret}\r\n--{EDGE}\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {media}\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{EDGE}--\r\n").as_bytes());
    body
}

struct Heard {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Heard {
    async fn of(response: Response<Body>) -> Heard {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 100_000_000).await.unwrap().to_vec();
        Heard { status: parts.status, headers: parts.headers, body }
    }
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask(router: &Router, request: Request<Body>) -> Heard {
    Heard::of(router.clone().oneshot(request).await.unwrap()).await
}

fn uploading(browser: &Browser<'_>, id: &str, origin: &str, body: Body) -> Request<Body> {
    let cookies = browser.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("; ");
    Request::post(format!("/cases/{id}/files"))
        .header(header::HOST, "localhost:8080")
        .header(header::COOKIE, cookies)
        .header(header::ORIGIN, origin)
        .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={EDGE}"))
        .body(body)
        .unwrap()
}

/// Adds a file with the form of the files' page.
async fn add(
    country: &Country,
    browser: &mut Browser<'_>,
    id: &str,
    name: &str,
    media: &str,
    bytes: &[u8],
) -> Heard {
    browser.get(&format!("/cases/{id}/files")).await;
    let body = form(&browser.secret(), name, media, bytes);
    ask(&country.router, uploading(browser, id, "http://localhost:8080", body.into())).await
}

/// The addresses under which the open page offers files.
fn offered(page: &str, id: &str) -> Vec<String> {
    let start = format!("href=\"/cases/{id}/files/");
    page.split(&start)
        .skip(1)
        .map(|rest| format!("/cases/{id}/files/{}", rest.split('"').next().unwrap()))
        .collect()
}

fn blobs(country: &Country) -> usize {
    let files = |folder: std::path::PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    files(country.data.join("blobs")).map(|shelf| files(shelf.path()).count()).sum()
}

fn files_of(country: &Country) -> Router {
    maru_web::files(country.app.clone())
}

/// Asks the other origin for what a page led to.
async fn fetched(country: &Country, location: &str, range: Option<&str>) -> Heard {
    let path = location.strip_prefix("http://localhost:8081").expect("the other origin");
    let mut request = Request::get(path).header(header::HOST, "localhost:8081");
    if let Some(range) = range {
        request = request.header(header::RANGE, range);
    }
    ask(&files_of(country), request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_file_is_added_seen_opened_elsewhere_and_taken_out() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = filed(&mut maru).await;
    let added = add(&country, &mut maru, &id, "../계약서 <b>.pdf", "application/pdf", PDF).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text());
    let page = maru.get(&format!("/cases/{id}/files")).await;
    assert!(page.body.contains("계약서 &lt;b&gt;.pdf") && !page.body.contains("<b>.pdf"), "{}", page.body);
    let file = offered(&page.body, &id).remove(0);

    let led = maru.get(&file).await;
    assert_eq!(led.status, StatusCode::SEE_OTHER);
    let location = led.location.unwrap();
    let sent = fetched(&country, &location, None).await;
    assert_eq!((sent.status, sent.body.as_slice()), (StatusCode::OK, PDF));
    assert_eq!(sent.header("content-type"), "application/pdf");
    assert!(sent.header("content-disposition").starts_with("inline; filename*=UTF-8''%EA%B3%84"));
    assert_eq!(sent.header("x-content-type-options"), "nosniff");
    assert_eq!(sent.header("cache-control"), "private, no-store");
    assert!(sent.header("content-security-policy").contains("default-src 'none'"));
    assert!(
        !sent.header("cross-origin-resource-policy").is_empty() && sent.headers.get("set-cookie").is_none()
    );
    let part = fetched(&country, &location, Some("bytes=1-3")).await;
    assert_eq!((part.status, part.body.as_slice()), (StatusCode::PARTIAL_CONTENT, &b"PDF"[..]));
    assert_eq!(part.header("content-range"), format!("bytes 1-3/{}", PDF.len()));
    assert_eq!(
        fetched(&country, &location, Some("bytes=900-")).await.status,
        StatusCode::RANGE_NOT_SATISFIABLE
    );

    // The pages' own origin knows no such address.
    let path = location.strip_prefix("http://localhost:8081").unwrap();
    let own = maru.get(path).await;
    assert_eq!(own.status, StatusCode::NOT_FOUND);

    let removed = maru.post(&format!("{file}/remove"), &[]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER, "{}", removed.body);
    assert_eq!(maru.get(&file).await.status, StatusCode::NOT_FOUND);
    let kinds: Vec<String> =
        country.app.store.events(&format!("case/{id}")).await.unwrap().into_iter().map(|e| e.kind).collect();
    assert_eq!(kinds, ["case.filed", "case.attached", "case.removed"]);
}

#[tokio::test]
async fn what_lies_is_empty_or_too_large_is_told_at_the_field_and_leaves_nothing() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = filed(&mut maru).await;
    let large = vec![b'a'; 20 * 1024 * 1024 + 1];
    for (name, media, bytes, words) in [
        ("photo.pdf", "application/pdf", PNG, "내용은 PNG입니다"),
        ("photo.png", "text/html", PNG, "내용은 PNG입니다"),
        ("a.svg", "image/svg+xml", &b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], "내용은 SVG라서"),
        ("a.txt", "text/plain", b"<!doctype html><script>1</script>", "내용은 HTML라서"),
        ("a.pdf", "application/pdf", b"MZ\x90\0", "프로그램(EXE)"),
        ("a.pdf", "application/pdf", b"", "빈 파일입니다"),
        ("a.txt", "text/plain", &large, "20 MB보다 큽니다"),
        ("", "application/octet-stream", b"", "골라 주세요"),
    ] {
        let told = add(&country, &mut maru, &id, name, media, bytes).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {}", told.text());
        assert!(told.text().contains(words), "{name} is told {words}: {}", told.text());
        assert!(told.text().contains("aria-invalid"), "at the field");
    }
    assert_eq!(blobs(&country), 0, "nothing is left");
    let just = add(&country, &mut maru, &id, "a.txt", "text/plain", &large[1..]).await;
    assert_eq!(just.status, StatusCode::SEE_OTHER, "exactly 20 MB");
}

#[tokio::test]
async fn a_form_of_another_site_or_without_its_secret_first_stores_nothing() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = filed(&mut maru).await;
    maru.get(&format!("/cases/{id}/files")).await;
    let good = form(&maru.secret(), "a.pdf", "application/pdf", PDF);
    let wrong = form("AAAA", "a.pdf", "application/pdf", PDF);
    let text = String::from_utf8(good.clone()).unwrap();
    let parts: Vec<&str> = text.split(&format!("--{EDGE}\r\n")).collect();
    let last = parts[2].trim_end_matches(&format!("--{EDGE}--\r\n"));
    let late = format!("--{EDGE}\r\n{last}--{EDGE}\r\n{}--{EDGE}--\r\n", parts[1]).into_bytes();
    let ours = "http://localhost:8080";
    for (what, origin, body) in [
        ("another site", "http://evil.example", good),
        ("no secret", ours, wrong),
        ("secret last", ours, late),
    ] {
        let answer = ask(&country.router, uploading(&maru, &id, origin, body.into())).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{what}");
    }
    assert_eq!(blobs(&country), 0);
}

#[tokio::test]
async fn a_stream_that_breaks_off_leaves_nothing() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = filed(&mut maru).await;
    maru.get(&format!("/cases/{id}/files")).await;
    let whole = form(&maru.secret(), "a.txt", "text/plain", &vec![b'a'; 2_000_000]);
    let half = Bytes::from(whole[..1_000_000].to_vec());
    let broken = stream::iter([Ok(half), Err(std::io::Error::other("cut"))]);
    let body = Body::from_stream(broken);
    let answer = ask(&country.router, uploading(&maru, &id, "http://localhost:8080", body)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    // An end that never came is no end.
    let body = Body::from(whole[..1_500_000].to_vec());
    let answer = ask(&country.router, uploading(&maru, &id, "http://localhost:8080", body)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Whoever goes away in the middle.
    let some = stream::iter([Ok::<_, std::io::Error>(Bytes::from(whole[..1_000_000].to_vec()))]);
    let body = Body::from_stream(some.chain(stream::pending()));
    let gone = ask(&country.router, uploading(&maru, &id, "http://localhost:8080", body));
    assert!(tokio::time::timeout(Duration::from_millis(500), gone).await.is_err());
    // What was being written at that moment is ended first, then taken away.
    for _ in 0..600 {
        if blobs(&country) == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(blobs(&country), 0);
    assert_eq!(
        country.app.store.events(&format!("case/{id}")).await.unwrap().len(),
        1,
        "filed, nothing else"
    );
}

#[tokio::test]
async fn two_at_once_do_not_pass_the_bounds() {
    let country = country().await;
    let token = country.token("maru").await;
    let body = format!(r#"{{"service":"{SERVICE}"}}"#);
    let case = country.call(Method::POST, "/api/v1/cases", Some(&token), &body).await.json();
    let id = case["id"].as_str().unwrap().to_owned();
    let put = |name: String, bytes: Vec<u8>| {
        let request = Request::post(format!("/api/v1/cases/{id}/files"))
            .header(header::HOST, "localhost:8080")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "text/plain")
            .header("x-file-name", name)
            .body(Body::from(bytes))
            .unwrap();
        ask(&country.router, request)
    };
    for n in 0..18 {
        let added = put(format!("{n}.txt"), format!("note {n}").into_bytes()).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
    }
    let at_once = (0..6).map(|n| put(format!("at-once-{n}.txt"), vec![b'x'; 100 + n]));
    let answers = futures_util::future::join_all(at_once).await;
    let taken = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    let told = answers.iter().filter(|answer| answer.text().contains("file-too-many")).count();
    assert_eq!((taken, told), (2, 4));
    let listed =
        country.call(Method::GET, &format!("/api/v1/cases/{id}/files"), Some(&token), "").await.json();
    let files = listed["files"].as_array().unwrap().clone();
    assert_eq!(files.len(), 20);
    for file in &files {
        let path = format!("/api/v1/cases/{id}/files/{}", file["id"].as_str().unwrap());
        let gone = country.call(Method::DELETE, &path, Some(&token), "").await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
    }
    // 80 MB, then three of 15 MB at once: one fits.
    for n in 0..4_u8 {
        let added = put(format!("{n}.txt"), vec![b'0' + n; 20 * 1024 * 1024]).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
    }
    let at_once = (0..3_u8).map(|n| put(format!("l{n}.txt"), vec![b'a' + n; 15 * 1024 * 1024]));
    let answers = futures_util::future::join_all(at_once).await;
    let taken = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    let told = answers.iter().filter(|answer| answer.text().contains("file-too-much")).count();
    assert_eq!((taken, told), (1, 2));
}

#[tokio::test]
async fn the_unit_sees_files_under_its_grant_and_every_look_is_written_down() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = filed(&mut maru).await;
    add(&country, &mut maru, &id, "계약서.pdf", "application/pdf", PDF).await;
    let file = offered(&maru.get(&format!("/cases/{id}/files")).await.body, &id).remove(0);

    let mut haneul = country.signed_in("haneul").await;
    let early = haneul.get(&file).await;
    assert_eq!(early.status, StatusCode::NOT_FOUND, "a draft is nobody else's");
    answered(&mut maru, &id).await;
    sent(&mut maru, &id).await;
    let shown = maru.get(&format!("/cases/{id}")).await;
    assert!(shown.body.contains("계약서.pdf"));
    maru.get(&format!("/cases/{id}/files")).await;
    let kept = maru.post(&format!("{file}/remove"), &[]).await;
    assert_eq!(kept.status, StatusCode::CONFLICT, "what was sent stays");

    // Somebody else's case does not exist, for residents and for other units.
    let mut daon = country.signed_in("daon").await;
    assert_eq!(daon.get(&file).await.status, StatusCode::NOT_FOUND);
    assert_eq!(daon.get(&format!("/cases/{id}/files")).await.status, StatusCode::NOT_FOUND);
    daon.get("/cases").await;
    let secret = "AAAA";
    let body = form(secret, "a.pdf", "application/pdf", PDF);
    let pushed = ask(&country.router, uploading(&daon, &id, "http://localhost:8080", body.into())).await;
    assert_eq!(pushed.status, StatusCode::NOT_FOUND);
    let mut nobody = country.browser();
    let led = nobody.get(&file).await;
    assert!(led.location.unwrap().starts_with("/sign-in"));

    let accesses = async || {
        let resident = person(&country).await;
        let since = maru_kernel::At::default();
        country.app.ports.registers.accesses(&resident, since).await.unwrap().len()
    };
    let desk = haneul.get(&format!("/desk/cases/{id}")).await;
    assert!(desk.body.contains("계약서.pdf"), "{}", desk.body);
    let before = accesses().await;
    let led = haneul.get(&file).await;
    assert_eq!(led.status, StatusCode::SEE_OTHER, "{}", led.body);
    assert_eq!(accesses().await, before + 1, "opening is a read");
    let sent = fetched(&country, &led.location.unwrap(), None).await;
    assert_eq!(sent.body, PDF);
    let log = maru.get("/me/accesses").await;
    assert!(log.body.contains("붙인 파일"), "the resident reads that files were looked at");

    let added = add(&country, &mut haneul, &id, "visit.png", "image/png", PNG).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text());
    let shown = maru.get(&format!("/cases/{id}")).await;
    assert!(shown.body.contains("visit.png") && shown.body.contains("부서에서 붙임"), "{}", shown.body);

    maru.get(&format!("/cases/{id}/withdraw")).await;
    maru.post(&format!("/cases/{id}/withdraw"), &[]).await;
    assert_eq!(haneul.get(&file).await.status, StatusCode::FORBIDDEN, "taken back is taken back");
    let closed = add_closed(&country, &maru, &id).await;
    assert_eq!(closed, StatusCode::CONFLICT);
}

async fn add_closed(country: &Country, browser: &Browser<'_>, id: &str) -> StatusCode {
    let body = form(&browser.secret(), "a.pdf", "application/pdf", PDF);
    ask(&country.router, uploading(browser, id, "http://localhost:8080", body.into())).await.status
}

async fn person(country: &Country) -> String {
    let row =
        country.app.store.query_one("SELECT resident FROM case_case ORDER BY id", vec![]).await.unwrap();
    row.unwrap().string("resident").unwrap()
}

#[tokio::test]
async fn only_a_fresh_ticket_of_ours_for_exactly_this_opens_anything() {
    let country = country().await;
    let mut maru = country.signed_in("maru").await;
    let id = filed(&mut maru).await;
    add(&country, &mut maru, &id, "a.png", "image/png", PNG).await;
    add(&country, &mut maru, &id, "b.txt", "text/plain", "쪽지".as_bytes()).await;
    let files = offered(&maru.get(&format!("/cases/{id}/files")).await.body, &id);
    let png = maru.get(&files[0]).await.location.unwrap();
    let txt = maru.get(&files[1]).await.location.unwrap();
    let sent = fetched(&country, &txt, None).await;
    assert!(sent.header("content-disposition").starts_with("attachment"), "text is never shown as a page");
    assert!(sent.header("content-security-policy").contains("sandbox"));
    assert_eq!(fetched(&country, &png, None).await.status, StatusCode::OK);

    let (start, rest) = png.split_at("http://localhost:8081/".len());
    let (ticket, name) = rest.split_once('/').unwrap();
    let (blob, proof) = ticket.split_once('.').unwrap();
    let other = txt[start.len()..].split('.').next().unwrap();
    let (_, proof_rest) = proof.split_once('.').unwrap();
    let forged = if ticket.ends_with('A') { 'Q' } else { 'A' };
    let nothing = fetched(&country, &format!("{start}nothing/here"), None).await;
    for (what, address) in [
        ("another name", format!("{start}{ticket}/b.png")),
        ("another blob", format!("{start}{other}.{proof}/{name}")),
        ("another kind", format!("{start}{blob}.9.{proof_rest}/{name}")),
        ("no kind", format!("{start}{blob}.99.{proof_rest}/{name}")),
        ("no proof", format!("{start}{blob}.2/{name}")),
        ("a forged proof", format!("{start}{}{}/{name}", &ticket[..ticket.len() - 1], forged)),
        ("a path", format!("{start}..%2f..%2fmaru.db/{name}")),
        ("the root", start.to_owned()),
    ] {
        let answer = fetched(&country, &address, None).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{what}");
        assert_eq!(answer.body, nothing.body, "{what} gives no hint");
    }
    let post = Request::post(&png["http://localhost:8081".len()..]).body(Body::empty()).unwrap();
    assert_eq!(ask(&files_of(&country), post).await.status, StatusCode::NOT_FOUND);

    country.clock.forward(299);
    assert_eq!(fetched(&country, &png, None).await.status, StatusCode::OK);
    country.clock.forward(2);
    assert_eq!(fetched(&country, &png, None).await.status, StatusCode::NOT_FOUND, "five minutes");

    let again = maru.get(&files[0]).await.location.unwrap();
    let (_, change) = maru_web::rotate_key(country.app.now(), 0).unwrap();
    country.app.store.commit(change).await.unwrap();
    country.app.edge.refresh(&country.app.store, country.app.now()).await.unwrap();
    assert_eq!(fetched(&country, &again, None).await.status, StatusCode::NOT_FOUND, "its key is gone");
    let fresh = maru.get(&files[0]).await.location.unwrap();
    assert_eq!(fetched(&country, &fresh, None).await.status, StatusCode::OK);
}
