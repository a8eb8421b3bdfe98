//! A pack with services that were written while it runs.

use std::sync::Arc;

use maru_kernel::{Both, both};

use crate::{Agency, Fault, Pack, RanCase, Service, To, check, skeleton::ServiceFiles};

/// What a service's files make of a pack.
pub struct Tried {
    /// The pack with the service; as it was when its files can't be read.
    pub pack: Pack,
    pub service: Option<Arc<Service>>,
    /// How its cases went.
    pub cases: Vec<RanCase>,
    pub faults: Vec<Fault>,
    /// What can never be true in its rules: nothing that keeps it from being published.
    pub warnings: Vec<Fault>,
}

impl Pack {
    /// The pack with one service as these files write it, in place of the one with its id. An agency that the pack does not know is
    /// added under the name given.
    pub fn with_service(&self, owner: &Agency, id: &str, files: &ServiceFiles) -> Tried {
        let mut pack = self.clone();
        if pack.agency(&owner.id).is_none() {
            pack.agencies.push(owner.clone());
        }
        let folder = format!("services/{}/{id}", owner.id);
        pack.files = Arc::new(self.files.with_folder(&folder, files));
        pack.services.retain(|service| service.id != id);
        let mut faults = Vec::new();
        pack.read_parameters(&mut faults);
        let read = Service::read(&pack.files, &folder, &mut faults).map(Arc::new);
        let Some(service) = read.filter(|_| faults.is_empty()) else {
            faults.sort();
            return Tried {
                pack: self.clone(),
                service: None,
                cases: Vec::new(),
                faults,
                warnings: Vec::new(),
            };
        };
        pack.services.push(service.clone());
        let (cases, mut faults) = check::one(&pack, &service.id);
        faults.extend(self.taken_over(&pack, &service, id));
        let warnings = check::warnings(&pack, Some(&service.id));
        Tried { pack, service: Some(service), cases, faults, warnings }
    }

    /// What stands for the whole country stays with what the program brings: an entry of the national catalogue, and objections.
    fn taken_over(&self, tried: &Pack, service: &Service, id: &str) -> Vec<Fault> {
        let before = self.services.iter().find(|before| before.id == id);
        let file = service.file("service.toml");
        let fault = |key: &str, what: Both, todo: Both| {
            Fault::new(&file, tried.files.line(&file, &[key]), what, todo)
        };
        let mut faults = Vec::new();
        if service.source_id.is_some()
            && service.source_id != before.and_then(|before| before.source_id.clone())
        {
            let what = both!(
                "source_id는 전국 목록의 서비스를 대신하게 됩니다",
                "source_id would take the place of an entry of the national catalogue"
            );
            faults.push(fault(
                "source_id",
                what,
                both!(
                    "지우세요. 마루에 들어 있는 서비스만 그렇게 합니다",
                    "take it out: only services that come with the program do that"
                ),
            ));
        }
        if service.to == To::Objected && before.is_none_or(|before| before.to != To::Objected) {
            let what = both!(
                "이의신청은 마루에 들어 있는 서비스가 받습니다",
                "objections go to the service that comes with the program"
            );
            let todo = both!(
                "to = \"home\", \"place\", \"words\" 가운데 하나로 쓰세요",
                "write to = \"home\", \"place\" or \"words\""
            );
            faults.push(fault("to", what, todo));
        }
        faults
    }

    /// The same, but nobody can file for this service any more.
    pub(crate) fn with_ended(&self, id: &str) -> Pack {
        let mut pack = self.clone();
        for service in pack.services.iter_mut().filter(|service| service.id == id) {
            *service = Arc::new(Service { ended: true, ..Service::clone(service) });
        }
        pack
    }

    /// A service's own files as the pack has them.
    pub fn files_of(&self, service: &Service) -> ServiceFiles {
        let own = self.files.under(&service.folder);
        let name = |path: &str| {
            path.strip_prefix(&service.folder).map(|rest| rest.trim_start_matches('/').to_owned())
        };
        own.filter_map(|(path, text)| Some((name(path)?, text.to_owned()))).collect()
    }

    /// Every file that says what a service is, by its place in the pack; shared rules it uses are among them.
    pub(crate) fn texts_of(&self, service: &Service) -> Vec<(String, String)> {
        let texts = crate::service::files_of(&self.files, &service.folder, &service.uses);
        texts.map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
    }
}
