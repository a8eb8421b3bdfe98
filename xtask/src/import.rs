//! The catalogue's import, with the real data where it is at hand and with a made-up one that has everything wrong with it.

use crate::gov24::{Api, Fault};
use crate::gov24_source::{Lists, SERVICES, lists, made_up, usual_folder};
use crate::http::Client;
use crate::process::{Beside, Scratch, free_port};
use crate::test::Report;
use crate::{Outcome, process};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Enough for three pages of the largest size.
const MADE_UP: usize = 2_500;
/// The variable from which `maru import` reads the key of the official API.
const KEY: &str = "GOV24_SERVICE_KEY";

pub fn suite(program: &Path, log: &Path) -> Outcome<Report> {
    let scratch = Scratch::new("import")?;
    let importer = Importer { program, log, folder: &scratch.0 };
    let mut passed = 0;
    passed += importer.made_up()?;
    let real = usual_folder();
    if !real.join(SERVICES).exists() {
        return Ok(Report { passed, note: format!("{passed} with made-up data; real data: not here") });
    }
    let (more, counts) = importer.real(&real)?;
    Ok(Report { passed: passed + more, note: format!("{} imports; real: {counts}", passed + more) })
}

struct Importer<'a> {
    program: &'a Path,
    log: &'a Path,
    folder: &'a Path,
}

/// How one import ended.
struct End {
    good: bool,
    /// Its last line.
    line: String,
    all: String,
}

impl End {
    /// The numbers of the last line, `8,255` read as one.
    fn numbers(&self) -> Vec<usize> {
        let line: String = self.line.chars().filter(|c| *c != ',').collect();
        line.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect()
    }
}

impl Importer<'_> {
    fn import(&self, from: &str, data: &str) -> Outcome<End> {
        let data = self.folder.join(data);
        let output = Command::new(self.program)
            // Made-up lists have nothing of the catalogue that ships.
            .args(["import", "gov24", "--withdraw-many", "--from", from, "--data"])
            .arg(&data)
            .env(KEY, "a-made-up-key")
            .current_dir(crate::root())
            .stdin(Stdio::null())
            .output()
            .map_err(|e| format!("{}: {e}", self.program.display()))?;
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let all = format!("{out}\n{}", String::from_utf8_lossy(&output.stderr));
        let mut log = process::append(self.log)?;
        std::io::Write::write_all(
            &mut log,
            format!("== import --from {from}: {}\n{all}\n", output.status).as_bytes(),
        )
        .map_err(|e| e.to_string())?;
        if all.contains("panicked at") {
            return Err(format!("an import panicked:\n{all}"));
        }
        let line = out.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
        Ok(End { good: output.status.success(), line, all })
    }

    fn served(&self, rows: Lists, fault: Option<Fault>, data: &str) -> Outcome<End> {
        self.import(&Api::new(rows, fault, Some("a-made-up-key".to_owned())).start("127.0.0.1:0")?, data)
    }

    /// A started program says how many services it knows.
    fn known(&self, data: &str) -> Outcome<usize> {
        let port = free_port()?;
        let address = format!("127.0.0.1:{port}");
        let mut server = Beside::start(
            Command::new(self.program)
                .args(["demo", "--listen", &address, "--data"])
                .arg(self.folder.join(data))
                .current_dir(crate::root()),
            self.log,
        )?;
        let mut client = ready(&mut server, &address)?;
        let answer = client.get("/api/v1/services?q=&limit=1", "")?;
        let found: serde_json::Value = serde_json::from_slice(&answer.body)
            .map_err(|e| format!("/api/v1/services: {} {e}", answer.status))?;
        let total = found
            .get("total")
            .and_then(serde_json::Value::as_u64)
            .ok_or("/api/v1/services tells no total")?;
        usize::try_from(total).map_err(|e| e.to_string())
    }

    fn made_up(&self) -> Outcome<usize> {
        let whole = self.served(made_up(MADE_UP), None, "whole")?;
        expect(whole.good && whole.numbers().contains(&MADE_UP), "a whole import", &whole)?;
        let again = self.served(made_up(MADE_UP), None, "whole")?;
        expect(again.good && again.numbers().contains(&MADE_UP), "the same import again", &again)?;

        // What can be got in the end is got.
        for fault in [Fault::Twice500, Fault::Cut, Fault::Slow] {
            let end = self.served(made_up(MADE_UP), Some(fault), &format!("{fault:?}"))?;
            expect(end.good && end.numbers().contains(&MADE_UP), &format!("{fault:?}"), &end)?;
        }
        // Rows that cannot be used are told, the rest is imported.
        for (fault, least) in [(Fault::Types, MADE_UP - 7), (Fault::Ids, MADE_UP - 3)] {
            let end = self.served(made_up(MADE_UP), Some(fault), &format!("{fault:?}"))?;
            let told = end.numbers().iter().any(|number| (least..=MADE_UP).contains(number));
            expect(end.good && told, &format!("{fault:?}: the rest is imported"), &end)?;
            expect(end.all.lines().count() > 2, &format!("{fault:?}: unusable rows are told"), &end)?;
        }
        // What cannot be got is told with its page, and loses nothing that was there.
        for fault in [Fault::Truncated, Fault::Shrink] {
            let end = self.served(made_up(MADE_UP), Some(fault), "whole")?;
            expect(!end.good || end.all.contains('2'), &format!("{fault:?}: the page is told"), &end)?;
        }
        let kept = self.known("whole")?;
        if kept < MADE_UP {
            return Err(format!("after bad imports {kept} services are known, there were {MADE_UP}"));
        }
        // Nonsense is refused in words.
        for from in ["http://127.0.0.1:1/api", "/nowhere/at/all", "mailto:somebody"] {
            let end = self.import(from, "nothing")?;
            expect(!end.good && !end.all.trim().is_empty(), &format!("--from {from} is refused"), &end)?;
        }
        Ok(2 + 3 + 2 + 2 + 1 + 3)
    }

    fn real(&self, folder: &Path) -> Outcome<(usize, String)> {
        let rows = lists(folder, false)?;
        let count = rows.service_list.len();
        let started = Instant::now();
        let served = self.served(rows, None, "real")?;
        let took = started.elapsed();
        expect(served.good && served.numbers().contains(&count), "the real catalogue over HTTP", &served)?;
        let known = self.known("real")?;
        if known < count {
            return Err(format!("{count} services were imported and {known} are known"));
        }
        let pages = self.folder.join("pages");
        Api::new(lists(folder, false)?, None, None).save(&pages, 1000)?;
        let saved = self.import(&pages.to_string_lossy(), "saved")?;
        expect(
            saved.good && saved.numbers().contains(&count),
            "the real catalogue from saved pages",
            &saved,
        )?;
        let raw = lists(folder, true)?;
        let raw_count = raw.service_list.len();
        let untouched = self.served(raw, None, "raw")?;
        let most = untouched.numbers().into_iter().any(|number| number > 0 && number <= raw_count);
        expect(untouched.good && most, "the untouched objects", &untouched)?;
        Ok((
            4,
            format!("{count} services in {:.1} s, {known} known, {raw_count} untouched", took.as_secs_f32()),
        ))
    }
}

fn expect(holds: bool, what: &str, end: &End) -> Outcome {
    if holds { Ok(()) } else { Err(format!("{what}: not as expected. The import said:\n{}", end.all)) }
}

/// Waits until a started program answers.
pub fn ready(server: &mut Beside, address: &str) -> Outcome<Client> {
    let started = Instant::now();
    loop {
        if let Ok(mut client) = Client::connect(address)
            && client.get("/healthz", "").is_ok_and(|answer| answer.status == 200)
        {
            return Ok(client);
        }
        if server.ended() || started.elapsed() > Duration::from_secs(60) {
            return Err(format!("the program on {address} is not there"));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
