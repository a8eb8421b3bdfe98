//! A stand-in for the official API of 대한민국 공공서비스(혜택) 정보: the same addresses, fields and pages, on this machine.
//! Wrong in chosen ways on request, so that an import can be shown to survive them.

use crate::Outcome;
use crate::gov24_source::{Lists, lists, usual_folder};
use crate::http::{Reply, Request, serve};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// Most rows one page may have.
const LARGEST_PAGE: usize = 1000;
pub const ENDPOINTS: [&str; 3] = ["serviceList", "serviceDetail", "supportConditions"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Page 2 of each list is cut in the middle, with a length that matches.
    Truncated,
    /// Page 2 promises more bytes than come, then the connection closes. The third try is whole.
    Cut,
    /// Page 2 answers 500 twice, then is whole.
    Twice500,
    /// Every page takes a while.
    Slow,
    /// Ages as text, an age of 120000, a name that is a number, flags that are not `Y`.
    Types,
    /// Blank and double ids.
    Ids,
    /// Page 2 has fewer rows than it says, and there are fewer pages than page 1 promised.
    Shrink,
}

impl Fault {
    pub const NAMES: [(&str, Self); 7] = [
        ("truncated", Self::Truncated),
        ("cut", Self::Cut),
        ("500", Self::Twice500),
        ("slow", Self::Slow),
        ("types", Self::Types),
        ("ids", Self::Ids),
        ("shrink", Self::Shrink),
    ];

    fn named(name: &str) -> Outcome<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, fault)| *fault).ok_or_else(|| {
            format!("no fault {name}; there are {}", Self::NAMES.map(|(known, _)| known).join(", "))
        })
    }
}

/// The three lists, ready to be served.
pub struct Api {
    lists: [(&'static str, Vec<Value>); 3],
    fault: Option<Fault>,
    key: Option<String>,
    /// How often each page was asked for.
    asked: Mutex<BTreeMap<(String, usize), usize>>,
}

impl Api {
    pub fn new(lists: Lists, fault: Option<Fault>, key: Option<String>) -> Self {
        let mut lists = [
            (ENDPOINTS[0], lists.service_list),
            (ENDPOINTS[1], lists.service_detail),
            (ENDPOINTS[2], lists.support_conditions),
        ];
        for (_, rows) in &mut lists {
            match fault {
                Some(Fault::Types) => spoil_types(rows),
                Some(Fault::Ids) => spoil_ids(rows),
                _ => {}
            }
        }
        Self { lists, fault, key, asked: Mutex::default() }
    }

    pub fn answer(&self, request: &Request) -> Reply {
        let endpoint = request.path.strip_prefix("/api/gov24/v3/").unwrap_or_default();
        let Some((name, rows)) = self.lists.iter().find(|(name, _)| *name == endpoint) else {
            return refusal(404, -404, "그런 주소는 없습니다.");
        };
        if request.method != "GET" {
            return refusal(400, -400, "GET으로만 부를 수 있습니다.");
        }
        let key = request
            .query
            .get("serviceKey")
            .or_else(|| request.headers.get("authorization"))
            .map(|key| key.strip_prefix("Infuser ").unwrap_or(key))
            .unwrap_or_default();
        if key.is_empty() || self.key.as_ref().is_some_and(|expected| expected != key) {
            return refusal(401, -401, "인증키가 없거나 맞지 않습니다.");
        }
        if request.query.get("returnType").is_some_and(|kind| !kind.eq_ignore_ascii_case("json")) {
            return refusal(400, -400, "여기서는 JSON만 드립니다.");
        }
        let number = |name: &str, usual: usize| match request.query.get(name).map(|text| text.parse()) {
            None => Ok(usual),
            Some(Ok(number)) if number > 0 => Ok(number),
            Some(_) => Err(refusal(400, -4, "page와 perPage는 1 이상의 수입니다.")),
        };
        match (number("page", 1), number("perPage", 10)) {
            (Ok(page), Ok(per_page)) => {
                if self.fault == Some(Fault::Slow) {
                    std::thread::sleep(Duration::from_millis(400));
                }
                self.page(name, rows, &request.query, page, per_page.min(LARGEST_PAGE))
            }
            (Err(refusal), _) | (_, Err(refusal)) => refusal,
        }
    }

    fn page(
        &self,
        name: &str,
        rows: &[Value],
        query: &BTreeMap<String, String>,
        page: usize,
        per_page: usize,
    ) -> Reply {
        let times = self.count(name, page);
        let matching: Vec<&Value> = rows.iter().filter(|row| matches(row, query)).collect();
        let mut data: Vec<&Value> =
            matching.iter().skip((page - 1).saturating_mul(per_page)).take(per_page).copied().collect();
        let mut match_count = matching.len();
        if self.fault == Some(Fault::Shrink) && page > 1 {
            data.truncate(data.len() / 2);
            match_count = match_count.saturating_sub(per_page);
        }
        let body = json!({
            "page": page,
            "perPage": per_page,
            "totalCount": rows.len(),
            "currentCount": data.len(),
            "matchCount": match_count,
            "data": data,
        });
        let mut body = body.to_string().into_bytes();
        let mut missing = 0;
        if page == 2 {
            match self.fault {
                Some(Fault::Truncated) => body.truncate(body.len() / 2),
                Some(Fault::Cut) if times <= 2 => {
                    missing = body.len() / 2;
                    body.truncate(body.len() - missing);
                }
                Some(Fault::Twice500) if times <= 2 => {
                    return refusal(500, -500, "잠시 뒤에 다시 해 주세요.");
                }
                _ => {}
            }
        }
        Reply { status: 200, body, missing }
    }

    /// How often this page has been asked for, this time included.
    fn count(&self, name: &str, page: usize) -> usize {
        let mut asked = self.asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let times = asked.entry((name.to_owned(), page)).or_default();
        *times += 1;
        *times
    }

    /// Writes every page as a file, the way somebody who has a key would keep them.
    pub fn save(&self, folder: &Path, per_page: usize) -> Outcome<usize> {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut files = 0;
        for (name, rows) in &self.lists {
            for page in 1..=rows.len().div_ceil(per_page).max(1) {
                let reply = self.page(name, rows, &BTreeMap::new(), page, per_page);
                let path = folder.join(format!("{name}.{page:03}.json"));
                std::fs::write(&path, reply.body).map_err(|e| format!("{}: {e}", path.display()))?;
                files += 1;
            }
        }
        Ok(files)
    }

    /// Serves in a thread of its own; the answer is the address to give to `maru import gov24 --from`.
    pub fn start(self, listen: &str) -> Outcome<String> {
        let (listener, address) = bind(listen)?;
        std::thread::spawn(move || serve(&listener, move |request| self.answer(request)));
        Ok(address)
    }
}

pub fn run(arguments: &[String]) -> Outcome {
    let mut folder = usual_folder();
    let (mut listen, mut save, mut raw, mut fault, mut key) = (None, None, false, None, None);
    let mut per_page = LARGEST_PAGE;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--data" => folder = PathBuf::from(value()?),
            "--listen" => listen = Some(value()?.clone()),
            "--save" => save = Some(PathBuf::from(value()?)),
            "--per-page" => {
                per_page = value()?.parse().map_err(|_| "--per-page needs a number".to_owned())?;
                if per_page == 0 || per_page > LARGEST_PAGE {
                    return Err(format!("--per-page is 1 to {LARGEST_PAGE}"));
                }
            }
            "--raw" => raw = true,
            "--fault" => fault = Some(Fault::named(value()?)?),
            "--key" => key = Some(value()?.clone()),
            other => return Err(format!("gov24 knows no {other}")),
        }
    }
    let api = Api::new(lists(&folder, raw)?, fault, key);
    for (name, rows) in &api.lists {
        println!("{name}: {} rows", rows.len());
    }
    match (listen, save) {
        (None, Some(target)) => {
            println!("{} files in {}", api.save(&target, per_page)?, target.display());
            Ok(())
        }
        (Some(listen), None) => {
            let (listener, address) = bind(&listen)?;
            println!("{address}");
            serve(&listener, move |request| api.answer(request));
            Ok(())
        }
        _ => Err("gov24 needs --listen 127.0.0.1:PORT or --save FOLDER".to_owned()),
    }
}

fn bind(listen: &str) -> Outcome<(TcpListener, String)> {
    let wanted: std::net::SocketAddr = listen.parse().map_err(|e| format!("{listen}: {e}"))?;
    if !wanted.ip().is_loopback() {
        return Err(format!("{listen}: this server is for this machine alone"));
    }
    let listener = TcpListener::bind(wanted).map_err(|e| format!("{listen}: {e}"))?;
    let bound = listener.local_addr().map_err(|e| e.to_string())?;
    Ok((listener, format!("http://{bound}/api")))
}

fn refusal(status: u16, code: i32, message: &str) -> Reply {
    Reply { status, body: json!({ "code": code, "msg": message }).to_string().into_bytes(), missing: 0 }
}

/// `cond[field::EQ]=…` and `cond[field::LIKE]=…`; any other condition matches nothing, so that it is noticed.
fn matches(row: &Value, query: &BTreeMap<String, String>) -> bool {
    query.iter().all(|(name, wanted)| {
        let Some(condition) = name.strip_prefix("cond[").and_then(|rest| rest.strip_suffix(']')) else {
            return true;
        };
        let (field, how) = condition.split_once("::").unwrap_or((condition, "EQ"));
        let found = row.get(field).and_then(Value::as_str).unwrap_or_default();
        match how {
            "EQ" => found == wanted,
            "LIKE" => found.contains(wanted),
            _ => false,
        }
    })
}

fn spoil_types(rows: &mut [Value]) {
    let changes: [(usize, &str, Value); 7] = [
        (1, "JA0110", Value::from("19")),
        (1, "JA0111", Value::from("34세")),
        (2, "JA0111", Value::from(120_000)),
        (3, "JA0101", Value::from(true)),
        (3, "JA0102", Value::from("N")),
        (4, "서비스명", Value::from(12)),
        (5, "소관기관명", Value::Null),
    ];
    for (index, key, value) in changes {
        // Only fields that this list has.
        if let Some(field) = rows.get_mut(index).and_then(|row| row.get_mut(key)) {
            *field = value;
        }
    }
    if let Some(row) = rows.get_mut(6) {
        *row = Value::from("not an object");
    }
}

fn spoil_ids(rows: &mut Vec<Value>) {
    for (index, id) in [(1, Value::from("")), (2, Value::Null), (3, Value::from("  "))] {
        if let Some(field) = rows.get_mut(index).and_then(|row| row.get_mut("서비스ID")) {
            *field = id;
        }
    }
    if let Some(first) = rows.first().cloned() {
        rows.push(first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gov24_source::made_up;
    use crate::http::Client;

    fn rows(client: &mut Client, path: &str) -> Result<Value, String> {
        let answer = client.get(&format!("/api/gov24/v3/{path}"), "")?;
        serde_json::from_slice(&answer.body).map_err(|e| format!("{} {e}", answer.status))
    }

    fn client(fault: Option<Fault>) -> Outcome<Client> {
        let address = Api::new(made_up(7), fault, Some("key".to_owned())).start("127.0.0.1:0")?;
        let host = address.trim_start_matches("http://").trim_end_matches("/api");
        Client::connect(host)
    }

    #[test]
    fn pages_add_up_to_the_whole() -> Outcome {
        let mut client = client(None)?;
        let mut ids = std::collections::BTreeSet::new();
        for page in 1..=3 {
            let found = rows(&mut client, &format!("serviceList?serviceKey=key&perPage=3&page={page}"))?;
            assert_eq!(found["totalCount"], 7);
            for row in found["data"].as_array().into_iter().flatten() {
                ids.insert(row["서비스ID"].as_str().unwrap_or_default().to_owned());
            }
        }
        assert_eq!(ids.len(), 7);
        let one = rows(
            &mut client,
            "supportConditions?serviceKey=key&cond%5B%EC%84%9C%EB%B9%84%EC%8A%A4ID%3A%3AEQ%5D=TEST00000003",
        )?;
        assert_eq!((&one["matchCount"], &one["data"][0]["JA0101"]), (&json!(1), &json!("Y")));
        assert_eq!(one["data"][0]["JA0201"], Value::Null);
        Ok(())
    }

    #[test]
    fn without_a_key_nothing_is_given() -> Outcome {
        let mut client = client(None)?;
        assert_eq!(client.get("/api/gov24/v3/serviceList?page=1", "")?.status, 401);
        assert_eq!(client.get("/api/gov24/v3/serviceList?serviceKey=other", "")?.status, 401);
        assert_eq!(client.get("/api/gov24/v3/serviceList", "Authorization: Infuser key\r\n")?.status, 200);
        assert_eq!(client.get("/api/gov24/v3/serviceList?serviceKey=key&page=0", "")?.status, 400);
        assert_eq!(client.get("/api/gov24/v3/other?serviceKey=key", "")?.status, 404);
        Ok(())
    }

    #[test]
    fn faults_are_as_told() -> Outcome {
        let page_2 = "serviceList?serviceKey=key&perPage=3&page=2";
        assert!(rows(&mut client(Some(Fault::Truncated))?, page_2).is_err());
        let mut client_500 = client(Some(Fault::Twice500))?;
        assert_eq!(rows(&mut client_500, page_2)?["code"], -500);
        assert_eq!(rows(&mut client_500, page_2)?["code"], -500);
        assert_eq!(rows(&mut client_500, page_2)?["currentCount"], 3);
        assert_eq!(rows(&mut client(Some(Fault::Shrink))?, page_2)?["currentCount"], 1);
        let types = rows(&mut client(Some(Fault::Types))?, "supportConditions?serviceKey=key")?;
        assert_eq!(
            (&types["data"][1]["JA0110"], &types["data"][2]["JA0111"]),
            (&json!("19"), &json!(120_000))
        );
        let ids = rows(&mut client(Some(Fault::Ids))?, "serviceList?serviceKey=key")?;
        assert_eq!((&ids["data"][1]["서비스ID"], &ids["totalCount"]), (&json!(""), &json!(8)));
        Ok(())
    }
}
