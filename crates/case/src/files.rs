//! Files of a case: their page, what other pages show of them, and the same for programs.

use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maru_kernel::{Error, Problem, Result};
use maru_web::{
    ApiContext, Context, Fail, Posted, Shared, Typed, Upload, context,
    ports::{Person, PersonKind},
    shown,
};
use serde::Serialize;
use serde_json::{Value as Json_, json};

use crate::{
    actions::{self, CASE_FILES, CaseFile},
    model::Case,
    tables,
};

pub fn pages() -> Router<Shared> {
    Router::new()
        .route("/cases/{id}/files", get(list).post(add))
        .route("/cases/{id}/files/{file}", get(open))
        .route("/cases/{id}/files/{file}/remove", post(remove))
}

pub fn api() -> Router<Shared> {
    Router::new()
        .route("/cases/{id}/files", get(api_list).post(api_add))
        .route("/cases/{id}/files/{file}", get(api_open).delete(api_remove))
}

type Answered = std::result::Result<Response, Fail>;

/// A file as pages show it.
#[derive(Serialize)]
pub struct Paper {
    id: String,
    name: String,
    about: String,
    theirs: bool,
}

/// The files of a case, for its resident or, when that was checked and logged, for an official.
pub async fn papers(context: &Context, case: &Case) -> Result<Vec<Paper>> {
    let files = tables::files(&context.app.store, case).await?;
    Ok(files
        .into_iter()
        .map(|file| Paper {
            about: format!(
                "{} · {} · {}",
                file.kind.name(),
                size(file.size),
                shown::day(context.lang, file.added_at.date())
            ),
            theirs: file.added_by != case.resident,
            id: file.id,
            name: file.name,
        })
        .collect())
}

/// `820 KB`, `3.4 MB`: as file managers say it.
fn size(bytes: i64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} KB", (bytes + 500) / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

async fn show(context: &Context, person: &Person, case: &Case, problems: &[Problem]) -> Answered {
    actions::look_at_files(&context.app, person, case).await?;
    let service = actions::service(&context.app, &case.service)?;
    let files = papers(context, case).await?;
    let official = person.kind == PersonKind::Official;
    let told: Vec<Json_> =
        problems.iter().map(|p| json!({ "id": "file", "text": context.told(p) })).collect();
    let draft = case.state.is_draft();
    let back = match (official, draft) {
        (true, _) => format!("/desk/cases/{}", case.id),
        (false, true) => format!("/cases/{}/form", case.id),
        (false, false) => format!("/cases/{}", case.id),
    };
    let values = context! {
        id => case.id, service => service.text(context.lang).name, receipt => case.receipt, official, draft, back,
        full => i64::try_from(files.len()).unwrap_or(i64::MAX) >= CASE_FILES,
        open => case.state.is_open(), files, problems => told,
    };
    let section = if official { "desk" } else { "cases" };
    Ok(if problems.is_empty() {
        context.page(section, "case/files.html", values).await?
    } else {
        context.page_again(section, "case/files.html", values).await?
    })
}

async fn list(context: Context, Path(id): Path<String>) -> Answered {
    let person = context.person()?;
    let case = actions::case_for(&context.app, person, &id).await?;
    show(&context, person, &case, &[]).await
}

async fn add(context: Context, Path(id): Path<String>, mut upload: Upload) -> Answered {
    let outcome = take(&context, &id, &mut upload).await;
    if outcome.is_err() {
        upload.rest().await;
    }
    match outcome {
        Ok(()) => Ok(Redirect::to(&format!("/cases/{id}/files")).into_response()),
        Err(Error::Invalid(problems)) => {
            let person = context.person()?;
            let case = actions::case_for(&context.app, person, &id).await?;
            show(&context, person, &case, &problems).await
        }
        Err(other) => Err(Fail(other)),
    }
}

async fn take(context: &Context, id: &str, upload: &mut Upload) -> Result<()> {
    let person = context.person()?;
    // Before anything is read: somebody else's case does not exist.
    actions::case_for(&context.app, person, id).await?;
    let coming = upload.file().await?.ok_or_else(|| Error::invalid("file", "file-missing"))?;
    actions::attach(&context.app, person, id, coming).await.map(|_| ())
}

async fn open(context: Context, Path((id, file)): Path<(String, String)>) -> Answered {
    let to = actions::open_file(&context.app, context.person()?, &id, &file).await?;
    Ok(Redirect::to(&to).into_response())
}

async fn remove(context: Context, Path((id, file)): Path<(String, String)>, _typed: Typed) -> Answered {
    actions::remove(&context.app, context.resident()?, &id, &file).await?;
    Ok(Redirect::to(&format!("/cases/{id}/files")).into_response())
}

fn brief(case: &Case, file: &CaseFile) -> Json_ {
    json!({
        "id": file.id,
        "name": file.name,
        "type": file.kind.media(),
        "size": file.size,
        "sha256": file.blob,
        "added_at": file.added_at.rfc3339(),
        "by_unit": file.added_by != case.resident,
    })
}

async fn api_list(ApiContext(context): ApiContext, Path(id): Path<String>) -> Answered {
    let person = context.person()?;
    let case = actions::case_for(&context.app, person, &id).await?;
    actions::look_at_files(&context.app, person, &case).await?;
    let files = tables::files(&context.app.store, &case).await?;
    let files: Vec<Json_> = files.iter().map(|file| brief(&case, file)).collect();
    Ok(Json(json!({ "files": files })).into_response())
}

async fn api_add(ApiContext(context): ApiContext, Path(id): Path<String>, mut posted: Posted) -> Answered {
    let outcome = async {
        let person = context.person()?;
        let case = actions::case_for(&context.app, person, &id).await?;
        let coming = posted.take()?.ok_or_else(|| Error::invalid("file", "file-missing"))?;
        Ok(brief(&case, &actions::attach(&context.app, person, &id, coming).await?))
    };
    match outcome.await {
        Ok(body) => Ok((StatusCode::CREATED, Json(body)).into_response()),
        Err(error) => {
            posted.rest().await;
            Err(Fail(error))
        }
    }
}

async fn api_open(ApiContext(context): ApiContext, Path((id, file)): Path<(String, String)>) -> Answered {
    let to = actions::open_file(&context.app, context.person()?, &id, &file).await?;
    Ok(Redirect::to(&to).into_response())
}

async fn api_remove(ApiContext(context): ApiContext, Path((id, file)): Path<(String, String)>) -> Answered {
    actions::remove(&context.app, context.resident()?, &id, &file).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_read_like_those_of_file_managers() {
        let all = [0, 999, 1_000, 820_400, 3_450_000, 20_971_520].map(super::size);
        assert_eq!(all, ["0 B", "999 B", "1 KB", "820 KB", "3.4 MB", "20.9 MB"]);
    }
}
