//! docs/first-service.md, done as it says: in a folder with the program, and on pages.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::common::{country, petition, post};
use axum::http::StatusCode;
use maru_definition::ServiceFiles;

/// One block of the guide: what its mark says of it, its language, its text.
struct Block {
    mark: String,
    kind: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn guide() -> Vec<Block> {
    let text = fs::read_to_string(root().join("docs/first-service.md")).unwrap();
    let (mut blocks, mut mark, mut open): (Vec<Block>, String, Option<Block>) =
        (Vec::new(), String::new(), None);
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => {
                let mark = std::mem::take(&mut mark);
                open = Some(Block { mark, kind: kind.to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text += &format!("{line}\n"),
            (None, None) => {
                if let Some(said) = line.strip_prefix("<!-- ") {
                    mark = said.trim_end_matches(" -->").to_owned();
                }
            }
        }
    }
    blocks
}

/// Does to a file what the guide says.
fn edited(files: &mut ServiceFiles, block: &Block) -> Option<String> {
    let (verb, file) = block.mark.split_once(' ')?;
    let text = files.get_mut(file)?;
    match verb {
        "write" => text.clone_from(&block.text),
        "add" => *text += &format!("\n{}", block.text),
        "name" => {
            let lines =
                text.lines().map(|line| if line.starts_with("name = ") { block.text.trim() } else { line });
            *text = lines.collect::<Vec<_>>().join("\n") + "\n";
        }
        other => panic!("the guide says {other}"),
    }
    Some(file.to_owned())
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copied(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

fn run(folder: &Path, commands: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_maru")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", commands])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn in_a_folder() {
    let folder = std::env::temp_dir().join(format!("maru-first-{}", std::process::id()));
    copied(&root().join("packs/kr"), &folder.join("packs/kr"));
    let service = folder.join("packs/kr/services/mohw/winter-heating");
    let mut last = String::new();
    for block in guide() {
        match (block.kind.as_str(), block.mark.as_str()) {
            ("sh", mark) => {
                let output = run(&folder, &block.text);
                last = said(&output);
                assert_eq!(output.status.success(), mark != "fails", "{}{last}", block.text);
            }
            ("text", "says") => {
                block.text.lines().for_each(|line| assert!(last.contains(line), "{line}\n{last}"))
            }
            _ => {
                let file = block.mark.split_once(' ').unwrap().1;
                let text = fs::read_to_string(service.join(file)).unwrap();
                let mut files = ServiceFiles::from([(file.to_owned(), text)]);
                edited(&mut files, &block).unwrap();
                fs::write(service.join(file), &files[file]).unwrap();
            }
        }
    }
    assert!(last.contains(" 0 faults"), "{last}");

    // What can't be begun, and that nothing is left of it.
    for (name, why) in [
        ("mohw/winter-heating", "is there already"),
        ("mohw/livelihood-benefit", "is there already"),
        ("acrc/livelihood-benefit", "is there already"),
        ("nobody/winter-grant", "no agency nobody"),
        ("mohw/Winter", "small letters"),
        ("mohw/../../x", "small letters"),
        ("winter", "OWNER/ID"),
    ] {
        let output = run(&folder, &format!("maru new-service packs/kr '{name}'"));
        assert!(!output.status.success() && said(&output).contains(why), "{name}: {}", said(&output));
    }
    assert!(!folder.join("packs/kr/services/nobody").exists());

    // Whoever reads only the beginning closes the pipe; the outcome is still told.
    fs::write(service.join("rules.toml"), "[[condition]]\nid = \"age\"\n".repeat(2_000)).unwrap();
    let output = run(&folder, "set +o pipefail; maru check packs | head -1; exit ${PIPESTATUS[0]}");
    assert!(!said(&output).contains("panicked"), "{}", said(&output));
    assert_eq!(output.status.code(), Some(1));
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn on_pages() {
    let country = country().await;
    let mut writer = country.signed_in("sarang").await;
    writer.get("/admin/services/new").await;
    let begin = [("owner", "suwon"), ("id", "winter-heating")];
    let draft = post(&mut writer, StatusCode::SEE_OTHER, "/admin/services/new", &begin).await;
    for block in guide().iter().filter(|block| block.kind == "toml") {
        let kept = country.app.definitions.draft("winter-heating").await.unwrap().unwrap();
        let (mut files, version) = (kept.files, kept.version.to_string());
        let file = edited(&mut files, block).unwrap();
        let fields =
            [("file", file.as_str()), ("text", files[&file].as_str()), ("version", version.as_str())];
        writer.get(&draft).await;
        post(&mut writer, StatusCode::SEE_OTHER, &draft, &fields).await;
    }
    let preview = writer.get(&format!("{draft}/preview")).await.body;
    assert!(preview.contains("4개 가운데 4개가 맞음"), "{preview}");
    writer.get(&format!("{draft}/publish")).await;
    let ask = [("verb", "publish"), ("from", "2026-10-07")];
    post(&mut writer, StatusCode::SEE_OTHER, &format!("{draft}/publish"), &ask).await;
    let mut manager = country.signed_in("saebyeok").await;
    manager.get(&format!("{draft}/publish")).await;
    post(&mut manager, StatusCode::SEE_OTHER, &format!("{draft}/publish/1/approve"), &[]).await;

    let mut resident = country.signed_in("daon").await;
    let page = resident.get("/services/winter-heating").await.body;
    assert!(page.contains("겨울 난방비") && page.contains("혼자 사는 가구"), "{page}");
    let account = [("bank", "우체국"), ("account-number", "1104-8210-937711")];
    let case = petition(&mut resident, "winter-heating", &[("account", &account)]).await;
    country.settle().await;
    let mut officer = country.signed_in("haneul").await;
    let open = officer.get(&format!("/desk/cases/{case}")).await;
    assert!(open.status == StatusCode::OK && open.body.contains("겨울 난방비"), "{}", open.body);
}
