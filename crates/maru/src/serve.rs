//! Listens.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{StatusCode, header},
    middleware,
    response::IntoResponse,
    routing::get,
};
use clap::Args;
use maru_kernel::{At, Error, Result};
use maru_message::Post;
use maru_store::{Database, Place};
use maru_web::{Settings, Shared};
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
};
use tower_http::{compression::CompressionLayer, timeout::TimeoutLayer};

use crate::{seed, wire};

#[derive(Args)]
pub struct Serving {
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub place: Where,
    /// Where mail goes: a folder, smtp://host:port or smtps://user:password@host; default: a folder in the data folder
    #[arg(long)]
    pub mail: Option<String>,
    /// The address people reach this server at, for links in mail
    #[arg(long)]
    pub address: Option<String>,
    /// Cookies for TLS only: set it behind a TLS proxy
    #[arg(long)]
    pub secure: bool,
    /// Keep every change of the embedded database in this folder as well, so that any moment can be gone back to
    #[arg(long)]
    pub archive: Option<PathBuf>,
    /// Start at this instant instead of now (RFC 3339), for trying out another day
    #[arg(long)]
    pub clock: Option<String>,
}

/// Where a country is kept.
#[derive(Args, Clone)]
pub struct Where {
    /// The folder of the embedded database, of files handed in, and of mail
    #[arg(long, default_value = "data")]
    pub data: PathBuf,
    /// Rows in PostgreSQL 15 or newer instead: postgres://user:password@host:5432/maru
    #[arg(long, env = "MARU_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// Connections to PostgreSQL
    #[arg(long, default_value_t = Place::CONNECTIONS)]
    pub connections: usize,
}

impl Where {
    pub fn place(&self) -> Place {
        let mut place = Place::new(&self.data, self.database.as_deref());
        if let Database::Postgres { connections, .. } = &mut place.database {
            *connections = self.connections.max(2);
        }
        place
    }
}

pub async fn serve(serving: Serving, demo: bool) -> Result<ExitCode> {
    let clock = Arc::new(wire::Running::from(start(serving.clock.as_deref())?));
    maru_store::private_folder(&serving.place.data)?;
    let mail = serving.mail.clone().unwrap_or_else(|| serving.place.data.join("mail").display().to_string());
    let listener = TcpListener::bind(serving.listen).await.map_err(|e| {
        Error::internal(format!("can't listen on {}: {e}; choose another with --listen", serving.listen))
    })?;
    let local = listener.local_addr().map_err(Error::internal)?;
    let address = serving.address.clone().unwrap_or_else(|| format!("http://localhost:{}", local.port()));
    let settings = Settings { demo, demo_password: None, address: address.clone(), secure: serving.secure };
    let settings = if demo { seed::settings(settings)? } else { settings };
    let wired = wire::wire(&serving.place.place(), Post::parse(&mail)?, settings, clock).await?;
    let app = wired.app.clone();
    if let Some(place) = app.store.moved().await? {
        return Err(Error::internal(format!("this country has moved to {place}; start it there")));
    }
    if demo {
        seed::seed(&app).await?;
    }
    let (stop, stopped) = watch::channel(false);
    let archivist = match &serving.archive {
        Some(root) => {
            let gap = app.store.archive(root, app.clock.clone()).await?;
            Some(tokio::spawn(archive(app.clone(), root.clone(), gap, stopped.clone())))
        }
        None => None,
    };
    let worker = tokio::spawn(maru_web::work(app.clone(), wired.handlers.clone(), stopped.clone()));
    let sequencer = tokio::spawn(sequence(app.clone(), stopped));

    println!("Maru is ready: {address}");
    if demo {
        println!(
            "People and cases are made up. Data: {}. Mail: {mail}. Stop with Ctrl-C.",
            serving.place.data.display()
        );
    }
    let router = router(wired);
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(asked_to_stop())
        .await
        .map_err(Error::internal)?;
    stop.send(true).ok();
    worker.await.map_err(Error::internal)?;
    sequencer.await.map_err(Error::internal)?;
    if let Some(archivist) = archivist {
        archivist.await.map_err(Error::internal)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub fn router(wired: wire::Wired) -> Router {
    let openapi = Arc::new(wired.openapi);
    Router::new()
        .merge(wired.pages)
        .nest("/api/v1", wired.api)
        .route("/healthz", get(|| async { Json(serde_json::json!({ "status": "ok" })) }))
        .route("/openapi.json", get(move || async move { Json((*openapi).clone()) }))
        .route("/favicon.svg", get(favicon))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(DefaultBodyLimit::max(maru_web::BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_secs(30)))
        .layer(middleware::from_fn_with_state(wired.app.clone(), maru_web::layer))
        .layer(CompressionLayer::new())
        .with_state(wired.app)
}

async fn favicon() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, maru_web::FAVICON)
}

/// Makes a base when there is none yet or pages were missed.
async fn archive(app: Shared, root: PathBuf, gap: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = gap.notified() => match app.store.back_up(&root, app.now()).await {
                Ok((base, state)) => tracing::info!(base = %base.folder.display(), state, "made a base for the archive"),
                Err(e) => {
                    tracing::error!(cause = %e, "could not make a base for the archive");
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_secs(60)) => gap.notify_one(),
                        _ = stop.changed() => {}
                    }
                }
            },
            _ = stop.changed() => {}
        }
    }
}

/// Gives access entries their place in the ledger, moments after they were written.
async fn sequence(app: Shared, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match maru_record::sequence(&app.store, app.now()).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(e) => tracing::error!(cause = %e, "could not extend the ledger"),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(300)) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn asked_to_stop() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(e) => {
            tracing::error!(cause = %e, "no SIGTERM handler");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// The clock that `--clock` asks for, running on from there.
fn start(clock: Option<&str>) -> Result<Option<At>> {
    clock
        .map(|text| {
            At::parse(text).ok_or_else(|| {
                Error::internal(format!("--clock {text}: write it like 2026-11-23T09:00:00+09:00"))
            })
        })
        .transpose()
}
