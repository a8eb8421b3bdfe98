//! The services of an agency, and the files of one that is being written.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_definition::{Draft, Fault, Tried, Verb, file_names};
use maru_kernel::{Error, Lang, Problem, Result};
use maru_web::{
    Context, Fail, Shared, Shown, Typed, admin_tabs, context,
    ports::{RoleKind, Session},
};
use serde::Serialize;

use super::{Part, preview, publish};
use crate::writing;

pub type Answered = std::result::Result<Response, Fail>;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/services", get(list))
        .route("/admin/services/new", get(new).post(begin))
        .route("/admin/services/{id}", get(show).post(write))
        .route("/admin/services/{id}/preview", get(preview::show).post(preview::attempt))
        .route("/admin/services/{id}/publish", get(publish::show).post(publish::ask))
        .route("/admin/services/{id}/publish/{place}/approve", post(publish::approve))
        .route("/admin/services/{id}/publish/{place}/withdraw", post(publish::withdraw))
}

/// Whoever writes, approves or looks after services.
pub fn session(context: &Context) -> Result<&Session> {
    let kinds = [RoleKind::Writer, RoleKind::Manager, RoleKind::Operator, RoleKind::Auditor];
    context.with_role(&kinds, "services-not-yours")
}

/// A page of the administration; with problems it is answered as one to correct.
pub async fn page(context: &Context, template: &str, values: Shown, problems: &[Problem]) -> Answered {
    page_of("services", context, template, values, problems).await
}

/// The same under another tab.
pub async fn page_of(
    tab: &str,
    context: &Context,
    template: &str,
    values: Shown,
    problems: &[Problem],
) -> Answered {
    let told: Vec<_> = problems.iter().map(|p| context! { id => p.field, text => context.told(p) }).collect();
    let errors: BTreeMap<_, _> = problems.iter().map(|p| (p.field.clone(), context.told(p))).collect();
    let shared = context! { tab, tabs => admin_tabs(session(context)?), problems => told, errors };
    let values = context! { ..values, ..shared };
    Ok(if problems.is_empty() {
        context.page("admin", template, values).await?
    } else {
        context.page_again("admin", template, values).await?
    })
}

/// The name that a draft gives its service, as far as it can be read.
pub fn name_of(draft: &Draft, lang: Lang) -> String {
    let text = draft.files.get(&format!("text.{}.toml", lang.tag()));
    let said =
        text.and_then(|text| text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')));
    said.filter(|name| !name.is_empty()).unwrap_or(&draft.service).to_owned()
}

/// A fault with the file's name as it is called here, in the reader's language.
#[derive(Serialize)]
pub struct Told {
    file: String,
    line: usize,
    what: String,
    todo: String,
    /// Whether it is one of the draft's own files.
    ours: bool,
}

pub fn told(context: &Context, draft: &Draft, faults: &[Fault]) -> Vec<Told> {
    let folder = format!("services/{}/{}/", draft.owner.id, draft.service);
    let one = |fault: &Fault| {
        let file = fault.file.strip_prefix(&folder).unwrap_or(&fault.file);
        Told {
            file: file.to_owned(),
            line: fault.line,
            what: fault.what.get(context.lang).replace(&folder, ""),
            todo: fault.todo.get(context.lang).to_owned(),
            ours: file_names().any(|name| name == file),
        }
    };
    faults.iter().map(one).collect()
}

/// What every page of one draft says of it.
pub fn head(context: &Context, draft: &Draft, part: Part, tried: &Tried) -> Shown {
    context! {
        id => draft.service, name => name_of(draft, context.lang), owner => draft.owner.name.get(context.lang),
        version => draft.version, writes => part.writes, approves => part.approves, faulty => tried.faults.len(),
        warned => tried.warnings.len(),
    }
}

async fn list(context: Context) -> Answered {
    let (session, definitions) = (session(&context)?, &context.app.definitions);
    let all = writing::drafts(&context.app, session).await?;
    let mut drafts = Vec::new();
    for draft in &all {
        drafts.push(context! {
            id => draft.service, name => name_of(draft, context.lang), owner => draft.owner.name.get(context.lang),
            state => writing::standing(&context.app, draft).await?, at => draft.at.micros(),
        });
    }
    let own = definitions.shipped_services().iter().filter(|service| {
        Part::of(session, &service.owner).writes && all.iter().all(|draft| draft.service != service.id)
    });
    let shipped: Vec<_> = own
        .map(|service| context! { id => service.id, owner => service.owner, name => service.text(context.lang).name })
        .collect();
    let values = context! { drafts, shipped, writes => session.has(RoleKind::Writer) };
    page(&context, "guidance/writing-list.html", values, &[]).await
}

async fn form(context: &Context, typed: &Typed, problems: &[Problem]) -> Answered {
    let session = context.with_role(&[RoleKind::Writer], "services-not-writer")?;
    let agencies: Vec<_> = writing::agencies(&context.app, session)
        .await?
        .into_iter()
        .map(|agency| {
            context! { value => agency.id, label => agency.name.get(context.lang), selected => agency.id == typed.get("owner") }
        })
        .collect();
    let values = context! { agencies, wanted => typed.get("id") };
    page(context, "guidance/writing-new.html", values, problems).await
}

async fn new(context: Context) -> Answered {
    form(&context, &Typed(BTreeMap::new()), &[]).await
}

async fn begin(context: Context, typed: Typed) -> Answered {
    let session = session(&context)?;
    let id = typed.get("id").trim();
    match writing::begin(&context.app, session, typed.get("owner"), id).await {
        Ok(()) => Ok(Redirect::to(&format!("/admin/services/{id}")).into_response()),
        Err(Error::Invalid(problems)) => form(&context, &typed, &problems).await,
        Err(other) => Err(other.into()),
    }
}

async fn show(
    context: Context,
    Path(id): Path<String>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answered {
    let file = asked.get("file").map_or("service.toml", String::as_str);
    editor(&context, &id, file, None, &[]).await
}

async fn editor(
    context: &Context,
    id: &str,
    file: &str,
    typed: Option<&str>,
    problems: &[Problem],
) -> Answered {
    let (draft, part) = writing::draft(&context.app, session(context)?, id).await?;
    let file = file_names().find(|name| *name == file).ok_or(Error::NotFound)?;
    let tried = context.app.definitions.tried(&draft);
    let faults = told(context, &draft, &tried.faults);
    let warnings = told(context, &draft, &tried.warnings);
    let of =
        |name: &str| tried.faults.iter().filter(|fault| fault.file.ends_with(&format!("/{name}"))).count();
    let files: Vec<_> = file_names().map(|name| context! { name, faults => of(name) }).collect();
    let text = typed.unwrap_or_else(|| draft.files.get(file).map_or("", String::as_str));
    let lines = text.lines().count().clamp(8, 40);
    let values = context! { file, files, text, lines, faults, warnings, cases => tried.cases.len() };
    let values = context! { ..values, ..head(context, &draft, part, &tried) };
    page(context, "guidance/writing.html", values, problems).await
}

async fn write(context: Context, Path(id): Path<String>, typed: Typed) -> Answered {
    let session = session(&context)?;
    let (file, seen) = (typed.get("file"), typed.get("version").parse().unwrap_or_default());
    match writing::write(&context.app, session, &id, file, typed.get("text"), seen).await {
        Ok(()) => Ok(Redirect::to(&format!("/admin/services/{id}?file={file}")).into_response()),
        Err(Error::Invalid(problems)) => {
            editor(&context, &id, file, Some(typed.get("text")), &problems).await
        }
        Err(other) => Err(other.into()),
    }
}

/// What was asked for, as a verb of this language.
pub fn verb_of(text: &str) -> Result<Verb> {
    match text {
        "publish" => Ok(Verb::Publish),
        "end" => Ok(Verb::End),
        _ => Err(Error::invalid("verb", "form-choice")),
    }
}
