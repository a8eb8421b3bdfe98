//! A country as data.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    sync::Arc,
};

use maru_kernel::{Both, Date, Lang, both};
use maru_rules::Parameters;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    Agency, Calendar, Chart, Demo, FactDef, Fault, Letters, Plain, Region, Regions, Register, Reminder,
    Service, UnitKind, check, fault::as_told, files::Files, search::Synonyms, service::files_of,
};

#[derive(Debug, Clone)]
pub struct Pack {
    pub id: String,
    pub name: Both,
    /// The catalogue's fields (서비스분야) in every language.
    pub fields: Vec<Both>,
    pub facts: Vec<FactDef>,
    /// Where each fact stands among them.
    fact_places: HashMap<String, usize>,
    pub regions: Regions,
    pub agencies: Vec<Agency>,
    pub unit_kinds: Vec<UnitKind>,
    pub registers: Vec<Register>,
    /// What comes due for people, and when they are told.
    pub reminders: Vec<Reminder>,
    /// Those of the country and of its services, with what was announced since.
    pub parameters: Parameters,
    parameter_notes: BTreeMap<String, ParameterNote>,
    /// What was announced since.
    announced: Parameters,
    pub calendar: Calendar,
    pub charts: Vec<Chart>,
    pub services: Vec<Arc<Service>>,
    /// Letters that no service writes for itself.
    pub letters: Letters,
    /// Beginnings of answers that officers write, by name: the first line says what it is.
    pub drafts: Letters,
    /// Words that mean the same, for the search.
    pub synonyms: Synonyms,
    /// How plainly texts are written.
    pub plain: Plain,
    pub demo: Option<Demo>,
    pub(crate) catalogue: Option<Shipped>,
    pub(crate) files: Arc<Files>,
}

/// The catalogue that ships with the pack: where its rows are and what they are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shipped {
    pub(crate) file: String,
    pub(crate) snapshot: String,
    pub(crate) count: usize,
    /// Of a service's own page, followed by its id.
    pub(crate) address: String,
    pub(crate) source: ShippedSource,
    pub(crate) coverage: Coverage,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShippedSource {
    pub(crate) name: Both,
    pub(crate) owner: Both,
    pub(crate) dataset: String,
    pub(crate) licence: Both,
    #[serde(rename = "holds")]
    pub(crate) contents: Both,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Coverage {
    pub(crate) age_from: u32,
    pub(crate) age_to: u32,
    pub(crate) percent: u32,
    pub(crate) note: Both,
}

impl Shipped {
    pub(crate) fn as_of(&self) -> Option<Date> {
        self.snapshot.parse().ok()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    id: String,
    name: Both,
    languages: Vec<String>,
    #[serde(rename = "field", default)]
    fields: Vec<Both>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    #[serde(default)]
    fact: Vec<FactDef>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Agencies {
    #[serde(default)]
    agency: Vec<Agency>,
    #[serde(default)]
    unit_kind: Vec<UnitKind>,
}

/// What a parameter is called and whose it is; the rest of its file is the rules' to read.
#[derive(Default, Deserialize)]
struct Noted {
    #[serde(default)]
    parameter: Vec<WrittenNote>,
}

#[derive(Deserialize)]
struct WrittenNote {
    #[serde(default)]
    name: String,
    #[serde(default)]
    label: Both,
    #[serde(default)]
    owner: String,
}

#[derive(Debug, Clone)]
struct ParameterNote {
    label: Both,
    /// The agency that announces its values.
    owner: String,
    /// The folder of the one service whose it is; none: every service may read it.
    folder: Option<String>,
}

/// A service's own parameters, in its folder.
fn folder_of(file: &str) -> Option<&str> {
    file.strip_suffix(PARAMETERS)?.strip_suffix('/')
}

/// The parameters of the country and of its services.
fn parameters_of(files: &Files, faults: &mut Vec<Fault>) -> (Parameters, BTreeMap<String, ParameterNote>) {
    let (mut parameters, mut notes) = (Parameters::default(), BTreeMap::new());
    let own = files.under("services").filter(|(file, _)| folder_of(file).is_some());
    for (file, text) in files.get(PARAMETERS).map(|text| (PARAMETERS, text)).into_iter().chain(own) {
        let faulty = |f: maru_rules::Fault| Fault::new(file, f.line, f.message, as_told());
        match Parameters::parse(text) {
            Ok(read) => {
                let twice: Vec<String> =
                    read.names().filter(|name| notes.contains_key(*name)).map(str::to_owned).collect();
                for name in &twice {
                    faults.push(Fault::new(
                        file,
                        files.line(file, &[&format!("\"{name}\"")]),
                        both!(
                            "매개변수 `{name}`이(가) 다른 파일에도 있습니다",
                            "another file has the parameter `{name}`, too"
                        ),
                        both!("다른 이름을 쓰세요", "give it another name"),
                    ));
                }
                // What both have was told above.
                let _ = parameters.merge(read);
            }
            Err(wrong) => faults.extend(wrong.into_iter().map(faulty)),
        }
        let folder = folder_of(file);
        let agency = folder.and_then(|folder| folder.rsplit('/').nth(1));
        // What is wrong with the file was said above.
        let noted = files.toml::<Noted>(file, &mut Vec::new()).unwrap_or_default();
        for one in noted.parameter {
            let owner = agency.map_or(one.owner, str::to_owned);
            let note = ParameterNote { label: one.label, owner, folder: folder.map(str::to_owned) };
            notes.entry(one.name).or_insert(note);
        }
    }
    (parameters, notes)
}

pub(crate) const PARAMETERS: &str = "parameters.toml";
pub(crate) const CATALOGUE: &str = "catalogue/gov24.toml";

/// A definition to keep versions of: its kind, its id, its files.
pub(crate) type Kept<'a> = (&'static str, String, Vec<(&'a str, &'a str)>);

impl Pack {
    /// packs/kr inside the binary.
    pub fn embedded() -> Result<Pack, Vec<Fault>> {
        Pack::of(Files::embedded()?)
    }

    /// A folder with pack.toml.
    pub fn read(folder: &Path) -> Result<Pack, Vec<Fault>> {
        Pack::of(Files::read(folder)?)
    }

    fn of(files: Files) -> Result<Pack, Vec<Fault>> {
        let mut faults = Vec::new();
        let head = files.toml::<Head>("pack.toml", &mut faults);
        let facts = files.toml::<Facts>("facts.toml", &mut faults).unwrap_or_default().fact;
        let regions = Regions::read(&files, &mut faults);
        let agencies = files.toml::<Agencies>("agencies.toml", &mut faults).unwrap_or_default();
        let registers = Register::read(&files, &mut faults);
        let reminders = Reminder::read(&files, &mut faults);
        let (parameters, parameter_notes) = parameters_of(&files, &mut faults);
        let calendar = Calendar::read(&files, &mut faults);
        let folders: BTreeSet<String> = files
            .under("services")
            .filter_map(|(path, _)| path.rsplit_once('/').map(|(folder, _)| folder))
            .map(|folder| folder.strip_suffix("/letters").unwrap_or(folder).to_owned())
            .collect();
        let services = folders
            .iter()
            .filter_map(|folder| Service::read(&files, folder, &mut faults).map(Arc::new))
            .collect();
        let charts = Chart::read(&files, &mut faults);
        let letters = Letters::read(&files, "letters");
        let drafts = Letters::read(&files, "drafts");
        let synonyms = Synonyms::read(&files, &mut faults);
        let plain = Plain::read(&files, &mut faults);
        let demo = files.get("demo.toml").and_then(|_| files.toml::<Demo>("demo.toml", &mut faults));
        let catalogue = files.get(CATALOGUE).and_then(|_| files.toml::<Shipped>(CATALOGUE, &mut faults));
        if let Some(head) = &head
            && !["ko", "en"].iter().all(|lang| head.languages.iter().any(|l| l == lang))
        {
            let line = files.line("pack.toml", &["languages"]);
            faults.push(Fault::of_pack(
                "pack.toml",
                line,
                "Korean and English must be there",
                r#"write ["ko", "en"]"#,
            ));
        }
        match head {
            Some(head) if faults.is_empty() => Ok(Pack {
                id: head.id,
                name: head.name,
                fields: head.fields,
                fact_places: facts
                    .iter()
                    .enumerate()
                    .map(|(place, fact)| (fact.name.clone(), place))
                    .collect(),
                facts,
                regions,
                agencies: agencies.agency,
                unit_kinds: agencies.unit_kind,
                registers,
                reminders,
                parameters,
                parameter_notes,
                announced: Parameters::default(),
                calendar,
                charts,
                services,
                letters,
                drafts,
                synonyms,
                plain,
                demo,
                catalogue,
                files: Arc::new(files),
            }),
            _ => {
                faults.sort();
                Err(faults)
            }
        }
    }

    /// Everything that packs/README.md promises of a pack, its cases included: how many cases ran, and what is wrong.
    pub fn check(&self) -> (usize, Vec<Fault>) {
        check::run(self)
    }

    /// What can never be true in the services' rules: to be looked at, not refused.
    pub fn warnings(&self) -> Vec<Fault> {
        check::warnings(self, None)
    }

    /// A field of the catalogue in a language; one the pack does not know stays Korean.
    pub fn field<'a>(&'a self, ko: &'a str, lang: Lang) -> &'a str {
        self.fields.iter().find(|f| f.ko == ko).map_or(ko, |f| f.get(lang))
    }

    /// What a parameter is called in a language; one without a label by its name.
    pub fn parameter_label<'a>(&'a self, name: &'a str, lang: Lang) -> &'a str {
        self.parameter_notes.get(name).map_or(name, |note| note.label.get(lang))
    }

    /// The agency that announces a parameter's values.
    pub fn parameter_owner(&self, name: &str) -> Option<&str> {
        self.parameter_notes.get(name).map(|note| note.owner.as_str())
    }

    /// Whether a service may read a parameter: one of the country, or its own.
    pub(crate) fn may_read(&self, service: &Service, parameter: &str) -> bool {
        let named = |name: &str| {
            parameter.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let of_another = |note: &ParameterNote| note.folder.as_ref().is_some_and(|of| *of != service.folder);
        !self.parameter_notes.iter().any(|(name, note)| named(name) && of_another(note))
    }

    /// The parameters of its files anew, after one of them has changed.
    pub(crate) fn read_parameters(&mut self, faults: &mut Vec<Fault>) {
        let (parameters, notes) = parameters_of(&self.files, faults);
        self.parameters = parameters.announced(&self.announced);
        self.parameter_notes = notes;
    }

    /// The same with the values that were announced, and no others.
    pub(crate) fn with_announced(&self, announced: Parameters) -> Pack {
        let mut pack = Pack { announced, ..self.clone() };
        // What the program brings can be read.
        pack.read_parameters(&mut Vec::new());
        pack
    }

    pub fn fact(&self, name: &str) -> Option<&FactDef> {
        self.fact_places.get(name).and_then(|place| self.facts.get(*place))
    }

    pub fn register(&self, id: &str) -> Option<&Register> {
        self.registers.iter().find(|r| r.id == id)
    }

    pub fn reminder(&self, id: &str) -> Option<&Reminder> {
        self.reminders.iter().find(|r| r.id == id)
    }

    pub fn agency(&self, id: &str) -> Option<&Agency> {
        self.agencies.iter().find(|a| a.id == id)
    }

    pub fn chart(&self, id: &str) -> Option<&Chart> {
        self.charts.iter().find(|c| c.id == id)
    }

    pub fn unit_kind(&self, id: &str) -> Option<&UnitKind> {
        self.unit_kinds.iter().find(|u| u.id == id)
    }

    pub fn region(&self, text: &str) -> Option<&Region> {
        self.regions.find(text)
    }

    /// What a population is made from: the counts by area, and the assumptions.
    pub fn population(&self) -> Option<(&str, &str)> {
        self.files.get("population/areas.tsv").zip(self.files.get("population/assumptions.tsv"))
    }

    /// The rows of the catalogue that ships with the pack.
    pub(crate) fn shipped_rows(&self) -> Option<(&Shipped, String, &str)> {
        let shipped = self.catalogue.as_ref()?;
        let file = format!("catalogue/{}", shipped.file);
        let text = self.files.get(&file)?;
        Some((shipped, file, text))
    }

    /// The pack's files by definition: what is kept of it, version by version. The catalogue has versions of its own.
    pub(crate) fn definitions(&self) -> Vec<Kept<'_>> {
        let single =
            self.files.iter().filter(|(path, _)| !path.contains('/') && *path != "demo.toml").map(|file| {
                let name = file.0.split('.').next().unwrap_or_default();
                ("pack", format!("{}-{name}", self.id), vec![file])
            });
        let services = self.services.iter().map(|s| {
            ("service", s.id.clone(), files_of(&self.files, &s.folder, &s.uses).collect::<Vec<_>>())
        });
        let charts = self.charts.iter().map(|chart| {
            let paths =
                [Some(&chart.id), chart.like.as_ref()].map(|id| id.map(|id| format!("charts/{id}.toml")));
            let is_part = |file: &str| paths.iter().flatten().any(|path| path == file);
            ("chart", chart.id.clone(), self.files.iter().filter(|(file, _)| is_part(file)).collect())
        });
        let written = self.files.under("letters").chain(self.files.under("drafts"));
        let letters = std::iter::once(written.collect::<Vec<_>>())
            .filter(|files| !files.is_empty())
            .map(|files| ("pack", format!("{}-letters", self.id), files));
        single.chain(letters).chain(charts).chain(services).collect()
    }
}

/// Of several parts, each with its length.
pub fn sha256(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(0).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
