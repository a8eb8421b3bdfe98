//! Listens, and stops when asked to.

mod listen;
mod pace;
mod tls;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{StatusCode, Uri, header},
    middleware,
    response::IntoResponse,
    routing::get,
};
use clap::Args;
use maru_kernel::{At, Error, Result};
use maru_message::Post;
use maru_store::{Database, Place};
use maru_web::{EdgeSettings, Net, Settings, Shared};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::{Notify, watch},
    task::JoinHandle,
};
use tower_http::compression::CompressionLayer;

use self::{
    listen::{Listening, Stage},
    tls::Tls,
};
use crate::{seed, wire};

/// What works beside the listener has this long to end.
const WORK_ENDS: Duration = Duration::from_secs(12);
/// The certificate's files are looked at this often.
const LOOK_AT_CERTIFICATE: Duration = Duration::from_secs(60);
/// Whether a round over open cases is due is looked at this often.
const LOOK_AT_CASES: Duration = Duration::from_secs(60);
/// Files the program needs besides connections: the database, its readers, mail, logs.
const OTHER_FILES: u64 = 256;

#[derive(Args)]
pub struct Serving {
    /// Address and port to listen on
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub place: Where,
    /// Where mail goes: a folder, smtp://host:port or smtps://user:password@host; default: a folder in the data folder
    #[arg(long, env = "MARU_MAIL", hide_env_values = true)]
    pub mail: Option<String>,
    /// The address people reach this server at, for links in mail
    #[arg(long)]
    pub address: Option<String>,
    /// Address and port of the second listener, which serves what people handed in and nothing else [default: the port after
    /// the one of --listen]
    #[arg(long, value_name = "ADDRESS")]
    pub files: Option<SocketAddr>,
    /// The address people reach the second listener at: another origin than --address, better another site
    /// [default: the host of --address with the port of --files]
    #[arg(long, value_name = "URL")]
    pub files_address: Option<String>,
    /// Everybody comes over TLS: cookies for TLS only. Set by itself with --tls-cert
    #[arg(long)]
    pub secure: bool,
    /// Speak TLS with this certificate and what follows it in the chain (PEM). Read again on SIGHUP and when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// A proxy before this server (an address, or a range like 10.0.0.0/8): its X-Forwarded-For, X-Forwarded-Proto and
    /// X-Request-Id count. Nobody else's do. May be given more than once
    #[arg(long, value_name = "ADDRESS")]
    pub behind: Vec<Net>,
    /// Who may read /metrics besides this machine (an address or a range). May be given more than once
    #[arg(long, value_name = "ADDRESS")]
    pub metrics_from: Vec<Net>,
    /// Requests worked on at once; who comes on top waits a second, then is asked to come back
    #[arg(long, value_name = "NUMBER", default_value_t = 512)]
    pub at_once: usize,
    /// Connections of browsers, programs and proxies at once; who comes on top is told to come back
    #[arg(long, value_name = "NUMBER", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub http_connections: u32,
    /// How many of them one address may have that is no proxy named by --behind
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    pub http_connections_per_client: u32,
    /// Seconds to go on serving after being asked to stop, while /readyz says that it stops [default: 5, in the demo 0]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=600))]
    pub drain: Option<u64>,
    /// With less free disk than this many MiB, /readyz says that the server is not ready
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    pub keep_free: u64,
    /// How many made persons the law is tried on at /policy; they are made when somebody first looks there
    #[arg(long, value_name = "NUMBER", default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1_000..=2_000_000))]
    pub policy_persons: u64,
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
    /// Files handed in go into a bucket that speaks S3 instead of the folder: s3://bucket/prefix. AWS_ENDPOINT, AWS_REGION,
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are read from the environment. A bucket is backed up by its own means
    #[arg(long, value_name = "S3", env = "MARU_BLOBS")]
    pub blobs: Option<String>,
    /// Connections to PostgreSQL
    #[arg(long, default_value_t = Place::CONNECTIONS)]
    pub connections: usize,
}

impl Where {
    pub fn place(&self) -> Place {
        let mut place = Place::new(&self.data, self.database.as_deref());
        place.bucket.clone_from(&self.blobs);
        if let Database::Postgres { connections, .. } = &mut place.database {
            *connections = self.connections.max(2);
        }
        place
    }
}

pub async fn serve(serving: Serving, demo: bool) -> Result<ExitCode> {
    let clock = Arc::new(wire::Running::from(start(serving.clock.as_deref())?));
    maru_store::private_folder(&serving.place.data)?;
    let tls = match (&serving.tls_cert, &serving.tls_key) {
        (Some(cert), Some(key)) => Some(Arc::new(Tls::open(cert, key)?)),
        _ => None,
    };
    let connections = room_for(serving.http_connections);
    let mail = serving.mail.clone().unwrap_or_else(|| serving.place.data.join("mail").display().to_string());
    let listener = listen::bind(serving.listen).map_err(|e| {
        Error::internal(format!("can't listen on {}: {e}; choose another with --listen", serving.listen))
    })?;
    let local = listener.local_addr().map_err(Error::internal)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = serving.address.clone().unwrap_or_else(|| format!("{scheme}://localhost:{}", local.port()));
    let files_listener = files_listener(&serving, local)?;
    let files_local = files_listener.local_addr().map_err(Error::internal)?;
    let files_address = files_address(&address, serving.files_address.as_deref(), files_local.port())?;
    let settings = Settings {
        demo,
        files_address: files_address.clone(),
        demo_password: None,
        policy_persons: serving.policy_persons,
        address: address.clone(),
        secure: serving.secure || tls.is_some(),
        edge: EdgeSettings {
            behind: serving.behind.clone(),
            metrics_from: serving.metrics_from.clone(),
            at_once: serving.at_once,
            folder: Some(serving.place.data.clone()),
            free_bytes: serving.keep_free.saturating_mul(1024 * 1024),
        },
    };
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
    let (set_stage, stage) = watch::channel(Stage::Serving);
    let drain = Duration::from_secs(serving.drain.unwrap_or(if demo { 0 } else { 5 }));
    let stopping = tokio::spawn(stop_when_asked(Asked::listen()?, app.clone(), drain, set_stage));
    let mut beside = vec![
        tokio::spawn(maru_web::work(app.clone(), wired.handlers.clone(), stopped.clone())),
        tokio::spawn(sequence(app.clone(), stopped.clone())),
        tokio::spawn(tell(app.clone(), stopped.clone())),
        tokio::spawn(maru_web::keep(app.clone(), stopped.clone())),
    ];
    if let Some(root) = &serving.archive {
        let gap = app.store.archive(root, app.clock.clone()).await?;
        beside.push(tokio::spawn(archive(app.clone(), root.clone(), gap, stopped.clone())));
    }
    if let Some(tls) = &tls {
        beside.push(tokio::spawn(keep_certificate(tls.clone(), hang_up()?, stopped)));
    }

    println!("Maru is ready: {address}");
    println!("What people handed in is shown from {files_address}");
    if demo {
        println!(
            "People and cases are made up. Data: {}. Mail: {mail}. Stop with Ctrl-C.",
            serving.place.data.display()
        );
    }
    let files = Listening {
        listener: files_listener,
        app: app.clone(),
        router: maru_web::files(app.clone()),
        tls: tls.clone(),
        connections: (connections / 4).max(1),
        per_client: serving.http_connections_per_client.max(1),
        stage: stage.clone(),
    };
    let router = router(wired);
    let per_client = serving.http_connections_per_client.max(1);
    let pages = Listening { listener, app, router, tls, connections, per_client, stage };
    tokio::join!(pages.run(), files.run());
    stop.send(true).ok();
    end(beside).await;
    stopping.abort();
    Ok(ExitCode::SUCCESS)
}

/// The second listener. Where nobody asked for a port of their own, one that is taken is not a reason to stay away.
fn files_listener(serving: &Serving, pages: SocketAddr) -> Result<TcpListener> {
    let next = SocketAddr::new(pages.ip(), pages.port().checked_add(1).unwrap_or(0));
    let wanted = serving.files.unwrap_or(next);
    match listen::bind(wanted) {
        Err(_) if serving.files.is_none() && serving.files_address.is_none() => {
            listen::bind(SocketAddr::new(pages.ip(), 0))
        }
        bound => bound,
    }
    .map_err(|e| Error::internal(format!("can't listen on {wanted}: {e}; choose another with --files")))
}

/// Scheme, host and port as browsers compare them.
fn origin(address: &str) -> Option<(String, String, u16)> {
    let uri: Uri = address.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let port = uri.port_u16().or(match scheme.as_str() {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    })?;
    let host = uri.host()?.trim_end_matches('.').to_ascii_lowercase();
    Some((scheme, host, port))
}

/// What the second listener is called outside. Never the origin of pages: there a file would act as a page of ours.
fn files_address(pages: &str, wanted: Option<&str>, port: u16) -> Result<String> {
    let wrong = |what: &str| Error::internal(format!("{what}: write it like https://files.example.kr"));
    let (scheme, host, pages_port) = origin(pages).ok_or_else(|| wrong("--address"))?;
    let address = match wanted {
        Some(wanted) => wanted.trim_end_matches('/').to_owned(),
        None => format!("{scheme}://{host}:{port}"),
    };
    let own = origin(&address).ok_or_else(|| wrong("--files-address"))?;
    let path =
        address.parse::<Uri>().map_or(true, |uri| !matches!(uri.path(), "" | "/") || uri.query().is_some());
    if path {
        return Err(wrong("--files-address"));
    }
    // Same host and port under another scheme is no other origin that a listener could have.
    if (&own.1, own.2) == (&host, pages_port) {
        return Err(Error::internal(format!(
            "--files-address {address} is where the pages are: what people hand in must be shown from another origin; \
             give it another host or port"
        )));
    }
    Ok(address)
}

/// Waits for what works beside the listener, but not for ever: what is cut off is done again after the next start.
async fn end(beside: Vec<JoinHandle<()>>) {
    let all = async {
        for task in beside {
            if let Err(e) = task.await {
                tracing::error!(cause = %e, "something that worked beside the listener broke");
            }
        }
    };
    if tokio::time::timeout(WORK_ENDS, all).await.is_err() {
        tracing::warn!("work did not end in time and is cut");
    }
}

/// Raises the number of files that may be open as far as is allowed; no more connections than fit.
fn room_for(wanted: u32) -> u32 {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(e) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(cause = %e, "the number of open files could not be raised");
    }
    let Some(files) = getrlimit(Resource::Nofile).current else { return wanted };
    let fit = u32::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(u32::MAX).max(1);
    if fit < wanted / 2 {
        tracing::warn!(files, connections = fit, "far fewer connections than wanted: few files may be open");
    }
    wanted.min(fit)
}

pub fn router(wired: wire::Wired) -> Router {
    let openapi = Arc::new(wired.openapi);
    Router::new()
        .merge(wired.pages)
        .nest("/api/v1", wired.api)
        .route("/openapi.json", get(move || async move { Json((*openapi).clone()) }))
        .route("/favicon.svg", get(favicon))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(DefaultBodyLimit::max(maru_web::BODY_BYTES))
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
    let mut gone = false;
    while !*stop.borrow() {
        app.edge.health.sequencer.beat();
        let mut pause = Duration::from_millis(300);
        match maru_record::sequence(&app.store, app.now()).await {
            Ok(placed) => {
                if gone {
                    tracing::info!("the ledger can be extended again");
                    gone = false;
                }
                if placed > 0 {
                    continue;
                }
            }
            Err(e) => {
                if !gone {
                    tracing::error!(cause = %e, "could not extend the ledger; tried again until it can be");
                    gone = true;
                }
                pause = Duration::from_secs(2);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Moves open clocks after the days off have changed, and tells people what open cases owe them as time goes by.
async fn tell(app: Shared, mut stop: watch::Receiver<bool>) {
    let mut gone = false;
    while !*stop.borrow() {
        match look_at_cases(&app, &stop).await {
            Ok(told) => {
                gone = false;
                if told > 0 {
                    tracing::info!(told, "told what open cases owe");
                }
            }
            Err(e) => {
                if !gone {
                    tracing::error!(cause = %e, "could not look at open cases; tried again until it can be");
                    gone = true;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AT_CASES) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn look_at_cases(app: &Shared, stop: &watch::Receiver<bool>) -> Result<usize> {
    while !maru_case::shift(app).await? {
        if *stop.borrow() {
            return Ok(0);
        }
    }
    let told = maru_case::sweep(app).await?;
    let told = told.saturating_add(maru_message::remind(app).await?);
    let looked = maru_guidance::reassess(app).await?;
    if looked > 0 {
        tracing::info!(looked, "looked at members for what is new to them");
    }
    Ok(told)
}

/// The ways to be asked to stop.
struct Asked {
    terminate: Signal,
    interrupt: Signal,
}

impl Asked {
    fn listen() -> Result<Asked> {
        Ok(Asked {
            terminate: signal(SignalKind::terminate()).map_err(Error::internal)?,
            interrupt: signal(SignalKind::interrupt()).map_err(Error::internal)?,
        })
    }
    async fn again(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Asked once: says so at `/readyz`, goes on for a while, then stops. Asked twice: ends at once.
async fn stop_when_asked(mut asked: Asked, app: Shared, drain: Duration, stage: watch::Sender<Stage>) {
    asked.again().await;
    app.edge.health.drain();
    tracing::info!(seconds = drain.as_secs(), "asked to stop; goes on serving for this long");
    tokio::select! {
        () = tokio::time::sleep(drain) => {}
        () = asked.again() => at_once(),
    }
    stage.send(Stage::Stopping).ok();
    asked.again().await;
    at_once();
}

/// What was acknowledged is on disk; what was not may be lost.
fn at_once() {
    std::process::exit(1);
}

fn hang_up() -> Result<Signal> {
    signal(SignalKind::hangup()).map_err(Error::internal)
}

/// Reads the certificate again when told to, or when its files changed.
async fn keep_certificate(tls: Arc<Tls>, mut told: Signal, mut stop: watch::Receiver<bool>) {
    loop {
        let all = tokio::select! {
            _ = told.recv() => true,
            () = tokio::time::sleep(LOOK_AT_CERTIFICATE) => false,
            _ = stop.changed() => return,
        };
        let tls = tls.clone();
        let read = move || if all { tls.reload() } else { tls.reload_if_changed() };
        tokio::task::spawn_blocking(read).await.ok();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_an_origin_of_their_own() {
        let files = |pages, wanted| files_address(pages, wanted, 8081).map_err(|_| ());
        assert_eq!(files("http://localhost:8080", None), Ok("http://localhost:8081".into()));
        assert_eq!(files("https://maru.kr", None), Ok("https://maru.kr:8081".into()));
        assert_eq!(files("https://maru.kr", Some("https://files.kr/")), Ok("https://files.kr".into()));
        for same in ["https://maru.kr", "https://MARU.kr:443/", "https://maru.kr.", "http://maru.kr:443"] {
            assert_eq!(files("https://maru.kr", Some(same)), Err(()), "{same}");
        }
        for wrong in ["files.kr", "https://files.kr/a", "/files", "ftp://files.kr", ""] {
            assert_eq!(files("https://maru.kr", Some(wrong)), Err(()), "{wrong}");
        }
    }
}
