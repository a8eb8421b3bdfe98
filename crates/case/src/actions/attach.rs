//! Documents and photographs of a case: added, removed, opened.

use maru_kernel::{At, Error, Problem, Result};
use maru_store::Batch;
use maru_web::{
    App, Coming,
    ports::{Person, PersonKind},
};
use serde_json::json;

use crate::{
    actions::{self, CASE_FILE},
    kind::{self, Kind},
    model::Case,
    tables,
};

/// One file is at most so large.
pub const FILE_BYTES: u64 = 20 * 1024 * 1024;
/// A case has at most so many.
pub const CASE_FILES: i64 = 20;
/// And at most so much together.
pub const CASE_BYTES: i64 = 100 * 1024 * 1024;
/// The name under which files stand in the access log, beside the case's own answers.
pub const FILES: &str = "files";

/// One file of a case.
#[derive(Debug, Clone)]
pub struct CaseFile {
    pub id: String,
    pub name: String,
    pub kind: Kind,
    pub size: i64,
    /// Its content, by hash.
    pub blob: String,
    pub added_by: String,
    pub added_at: At,
}

/// The case as whoever asks may have it: one's own, or one of the own unit.
pub async fn case_for(app: &App, person: &Person, id: &str) -> Result<Case> {
    match (person.kind, &person.unit) {
        (PersonKind::Resident, _) => actions::own(app, person, id).await,
        (PersonKind::Official, Some(unit)) => actions::of_unit(app, unit, id).await,
        (PersonKind::Official, None) => Err(Error::Denied("error-not-official".into())),
    }
}

/// Before an official sees or opens files: checked and logged like everything else in a case's file.
pub async fn look_at_files(app: &App, person: &Person, case: &Case) -> Result<()> {
    if person.kind == PersonKind::Resident {
        return Ok(());
    }
    let service = actions::service(app, &case.service)?;
    let fields = [(CASE_FILE.to_owned(), vec![FILES.to_owned()])].into();
    app.ports.registers.show(&actions::case_ask(person.actor(), case, &service, fields)).await
}

async fn room(app: &App, case: &Case, more: i64) -> Result<()> {
    let files = tables::files(&app.store, case).await?;
    let (count, bytes) = (files.len(), files.iter().map(|file| file.size).sum::<i64>());
    if i64::try_from(count).unwrap_or(i64::MAX) >= CASE_FILES {
        return Err(wrong("file-too-many", CASE_FILES.to_string()));
    }
    if bytes.saturating_add(more) > CASE_BYTES {
        return Err(wrong("file-too-much", "100 MB".into()));
    }
    Ok(())
}

fn wrong(key: &str, value: String) -> Error {
    Error::Invalid(vec![Problem { field: "file".into(), key: key.into(), value: Some(value) }])
}

/// Takes a file in and puts it to the case. It is on disk under its name before a row speaks of it.
pub async fn attach(app: &App, person: &Person, id: &str, coming: Coming) -> Result<CaseFile> {
    let case = case_for(app, person, id).await?;
    case.state.goes_on()?;
    room(app, &case, 1).await?;
    let (name, media) = (coming.name, coming.media);
    let (received, (kind, name)) = app
        .store
        .receive(coming.bytes, FILE_BYTES, move |file, told| {
            let kind = kind::look(file, &told.head, told.size)?;
            kind::honest(kind, &name, &media)?;
            Ok((kind, kind::clean(&name, kind)))
        })
        .await
        .map_err(|error| match error {
            Error::TooLarge => wrong("file-too-large", "20 MB".into()),
            other => other,
        })?;
    let size = i64::try_from(received.size).map_err(Error::internal)?;
    app.store
        .rerun(|| async {
            let case = case_for(app, person, id).await?;
            case.state.goes_on()?;
            room(app, &case, size).await?;
            let now = app.now();
            let file = CaseFile {
                id: app.ids.next::<CaseFile>(now).to_string(),
                name: name.clone(),
                kind,
                size,
                blob: received.name.clone(),
                added_by: person.id.clone(),
                added_at: now,
            };
            let mut batch = Batch::new();
            tables::still(&mut batch, &case);
            tables::add_file(&mut batch, &case, &file);
            let body = json!({ "file": file.id });
            batch.event(actions::event(app, "attached", &case, person.actor(), now, body));
            Ok((batch, file))
        })
        .await
}

async fn file(app: &App, case: &Case, id: &str) -> Result<CaseFile> {
    let files = tables::files(&app.store, case).await?;
    files.into_iter().find(|file| file.id == id).ok_or(Error::NotFound)
}

/// Takes a file back while the application is a draft: afterwards it is part of what is decided on.
pub async fn remove(app: &App, person: &Person, id: &str, which: &str) -> Result<()> {
    app.store
        .rerun(|| async {
            let case = actions::own(app, person, id).await?;
            let file = file(app, &case, which).await?;
            if !case.state.is_draft() {
                return Err(Error::Conflict("file-kept".into()));
            }
            let now = app.now();
            let mut batch = Batch::new();
            tables::still(&mut batch, &case);
            tables::remove_file(&mut batch, &case, &file.id, now);
            let body = json!({ "file": file.id });
            batch.event(actions::event(app, "removed", &case, person.actor(), now, body));
            Ok((batch, ()))
        })
        .await
}

/// Where the file can be opened for some minutes. An official's opening is a read: checked and logged first.
pub async fn open_file(app: &App, person: &Person, id: &str, which: &str) -> Result<String> {
    let case = case_for(app, person, id).await?;
    let file = file(app, &case, which).await?;
    look_at_files(app, person, &case).await?;
    app.file_address(&file.blob, &file.name, file.kind.media(), app.now())
}
