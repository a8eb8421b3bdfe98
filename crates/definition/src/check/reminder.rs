//! What reminders must be like.

use super::{Check, FAR, falls, quoted};
use crate::{Opens, register, reminder::FILE};

impl Check<'_> {
    pub(super) fn reminders(&mut self) {
        let pack = self.pack;
        self.ids(FILE, "reminder", pack.reminders.iter().map(|r| r.id.as_str()));
        for reminder in &pack.reminders {
            let id = quoted(&reminder.id);
            self.both(FILE, &[&id], &reminder.name, &format!("the name of {}", reminder.id));
            self.both(FILE, &[&id, "text"], &reminder.text, &format!("the text of {}", reminder.id));
            if reminder.law.trim().is_empty() {
                let what = format!("{} has no article", reminder.id);
                self.of_pack(FILE, &[&id, "law"], what, "name the law that sets the day");
            }
            if !falls(&reminder.ahead) {
                let what = format!("{} is not told a falling number of days ahead", reminder.id);
                self.of_pack(
                    FILE,
                    &[&id, "ahead"],
                    what,
                    format!("write days from {FAR} to 1, the longest first"),
                );
            }
            match &reminder.opens {
                Opens::Service(service) if !pack.services.iter().any(|s| s.id == *service) => {
                    let what = format!("{} opens {service}, which is no service", reminder.id);
                    self.of_pack(FILE, &[&id, "service"], what, "name a folder of services/, or write `url`");
                }
                Opens::Url(url) if !url.starts_with("https://") => {
                    let what = format!("{} opens {url}", reminder.id);
                    self.of_pack(FILE, &[&id, "url"], what, "write the whole address, from https://");
                }
                _ => {}
            }
            let Some(register) = pack.register(&reminder.register) else {
                let what = format!("{} reads {}, which is no register", reminder.id, reminder.register);
                self.of_pack(
                    FILE,
                    &[&id, "register"],
                    what,
                    "add it to registers.toml, or name one that is there",
                );
                continue;
            };
            let known = |name: &str| {
                name == register::TODAY || register.field(name.split('.').next().unwrap_or(name)).is_some()
            };
            for name in self.unknown_names(reminder.due.names(), known) {
                let what = format!("{} reads {name}, which is no field of {}", reminder.id, register.id);
                self.of_pack(FILE, &[&id, "due"], what, "use the register's own fields, 오늘 and 매개.…");
            }
        }
    }
}
