//! Takes connections: as many as there may be, each with patience of its own, over TLS if wanted, until told to stop.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};

use axum::{Router, body::Body};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use maru_web::{Peer, Refused, Shared};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::Instant,
};
use tower::ServiceExt;

use super::{
    pace::{Answered, Pace, Paced},
    tls::Tls,
};

/// A header, its address included, may be this large.
const HEADER_BYTES: usize = 64 * 1024;
const HEADERS: usize = 100;
const HANDSHAKE: Duration = Duration::from_secs(10);
/// After the last connection was taken, those that are being answered have this long.
const LAST: Duration = Duration::from_secs(30);
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\
                      Content-Type: text/plain; charset=utf-8\r\nContent-Length: 34\r\n\r\nToo many connections. Try again.\r\n";
/// So many who are turned away are seen off politely at once.
const FAREWELLS: usize = 64;

/// So many may knock before they are let in: a crowd that comes at once is not sent round.
const KNOCKING: u32 = 4096;

/// Takes an address of this machine.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Started again, the program need not wait for the last connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(KNOCKING)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Serving,
    /// Takes no more connections, answers what was asked.
    Stopping,
}

pub struct Listening {
    pub listener: TcpListener,
    pub app: Shared,
    pub router: Router,
    pub tls: Option<Arc<Tls>>,
    pub connections: u32,
    pub per_client: u32,
    pub stage: watch::Receiver<Stage>,
}

/// How many connections each client has; one network counts as one client.
type Clients = Arc<Mutex<HashMap<IpAddr, u32>>>;

/// One of a client's connections, until it is dropped.
struct Held {
    clients: Clients,
    client: IpAddr,
}

impl Held {
    fn one(clients: &Clients, ip: IpAddr, most: u32) -> Option<Held> {
        let client = match ip.to_canonical() {
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
            v4 => v4,
        };
        let mut held = clients.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(client).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Held { clients: clients.clone(), client })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.client) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                held.remove(&self.client);
            }
        }
    }
}

impl Listening {
    /// Serves until told to stop; ends when everybody was answered, or half a minute later.
    pub async fn run(self) {
        let places = Arc::new(Semaphore::new(usize::try_from(self.connections).unwrap_or(1)));
        let farewells = Arc::new(Semaphore::new(FAREWELLS));
        let clients = Clients::default();
        let mut stage = self.stage.clone();
        let mut tired = false;
        loop {
            let taken = tokio::select! {
                taken = self.listener.accept() => taken,
                _ = stage.wait_for(|stage| *stage == Stage::Stopping) => break,
            };
            match taken {
                Ok((stream, from)) => {
                    tired = false;
                    self.take(stream, from.ip(), &places, &clients, &farewells);
                }
                Err(e) => {
                    // Mostly too many open files: whoever is served now gives some back.
                    if !tired {
                        tracing::error!(cause = %e, "could not take a connection");
                        tired = true;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        // Who was already let in by the operating system is served too; those who come meanwhile are not waited for.
        for _ in 0..KNOCKING {
            let knocked = tokio::time::timeout(Duration::from_millis(1), self.listener.accept()).await;
            let Ok(Ok((stream, from))) = knocked else { break };
            self.take(stream, from.ip(), &places, &clients, &farewells);
        }
        drop(self.listener);
        let all = tokio::time::timeout(LAST, places.acquire_many(self.connections)).await;
        if all.is_err() {
            tracing::warn!("some connections did not end in time and are cut");
        }
    }

    fn take(
        &self,
        stream: TcpStream,
        ip: IpAddr,
        places: &Arc<Semaphore>,
        clients: &Clients,
        farewells: &Arc<Semaphore>,
    ) {
        let edge = &self.app.edge;
        let Ok(place) = places.clone().try_acquire_owned() else {
            edge.metrics.refused(Refused::Connections);
            return self.refuse(stream, farewells);
        };
        // Behind a trusted proxy everybody has the proxy's address.
        let held = if edge.is_proxy(ip) { None } else { Some(Held::one(clients, ip, self.per_client)) };
        if let Some(None) = held {
            edge.metrics.refused(Refused::ClientConnections);
            return self.refuse(stream, farewells);
        }
        stream.set_nodelay(true).ok();
        let (app, router, tls, stage) =
            (self.app.clone(), self.router.clone(), self.tls.clone(), self.stage.clone());
        tokio::spawn(async move {
            let (_held, _place, _counted) = (held, place, app.edge.metrics.connection());
            let peer = Peer { ip, tls: tls.is_some() };
            match tls {
                None => converse(stream, peer, &app, router, stage).await,
                Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.acceptor().accept(stream)).await {
                    Ok(Ok(stream)) => converse(stream, peer, &app, router, stage).await,
                    Ok(Err(_)) | Err(_) => app.edge.metrics.refused(Refused::Tls),
                },
            }
        });
    }

    /// Says that there is no room, if that can be said in plain text and at little cost.
    fn refuse(&self, mut stream: TcpStream, farewells: &Arc<Semaphore>) {
        let turn: Option<OwnedSemaphorePermit> = farewells.clone().try_acquire_owned().ok();
        let (Some(turn), None) = (turn, &self.tls) else { return };
        tokio::spawn(async move {
            let _turn = turn;
            let farewell = async {
                stream.write_all(FULL).await?;
                stream.shutdown().await?;
                // Closing on what was not read would throw away what was said.
                let mut unread = [0; 4096];
                while stream.read(&mut unread).await? > 0 {}
                io::Result::Ok(())
            };
            tokio::time::timeout(Duration::from_secs(1), farewell).await.ok();
        });
    }
}

/// One connection from its first request to its last.
async fn converse<S>(stream: S, peer: Peer, app: &Shared, router: Router, mut stage: watch::Receiver<Stage>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pace = Pace::new();
    let service = service_fn({
        let pace = pace.clone();
        move |request: hyper::Request<hyper::body::Incoming>| {
            pace.busy();
            let (router, pace) = (router.clone(), pace.clone());
            async move {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(peer);
                let answer = router.oneshot(request).await?;
                Ok::<_, std::convert::Infallible>(answer.map(|body| Answered { body, pace }))
            }
        }
    });
    // Patience is counted here and not by hyper, which takes waiting for a request for a slow header.
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(HEADER_BYTES)
        .max_header_size(HEADER_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(Paced { stream, pace: pace.clone() }), service);
    let mut connection = pin!(connection);
    let mut clock = pin!(tokio::time::sleep_until(Instant::now()));
    let mut stopping = false;
    loop {
        let next = poll_fn(|cx| {
            if let Poll::Ready(outcome) = connection.as_mut().poll(cx) {
                return Poll::Ready(Next::Ended(outcome.err()));
            }
            let Some((deadline, why)) = pace.deadline() else { return Poll::Pending };
            if clock.deadline() != deadline {
                clock.as_mut().reset(deadline);
            }
            clock.as_mut().poll(cx).map(|()| Next::Late(why))
        });
        tokio::select! {
            next = next => {
                match next {
                    Next::Late(why) => app.edge.metrics.refused(why),
                    Next::Ended(Some(e)) if e.is_parse() => app.edge.metrics.refused(Refused::Malformed),
                    Next::Ended(_) => {}
                }
                return;
            }
            _ = stage.wait_for(|stage| *stage == Stage::Stopping), if !stopping => {
                stopping = true;
                pace.last();
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

enum Next {
    Ended(Option<hyper::Error>),
    Late(Refused),
}
