//! How a connection goes: waiting for a request, receiving its header, being answered. Each has its own patience.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use http_body::{Frame, SizeHint};
use maru_web::Refused;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// A header must be there this long after its first byte.
const HEADER: Duration = Duration::from_secs(10);
/// Whoever asks nothing for this long is let go; proxies and browsers keep connections about a minute.
const IDLE: Duration = Duration::from_secs(90);
/// The same when the program is about to end.
const LAST_IDLE: Duration = Duration::from_secs(1);
/// An answer of which nothing is taken for this long is given up.
const READER: Duration = Duration::from_secs(30);

#[derive(Clone, Copy)]
enum Phase {
    Idle,
    Header,
    Busy,
}

struct State {
    phase: Phase,
    since: Instant,
    /// Since when the other side has taken nothing of what is there for it.
    stalled: Option<Instant>,
    last: bool,
}

/// What is known of one connection; shared by its stream, its answers and its watcher.
#[derive(Clone)]
pub struct Pace(Arc<Mutex<State>>);

impl Pace {
    pub fn new() -> Pace {
        let state = State { phase: Phase::Idle, since: Instant::now(), stalled: None, last: false };
        Pace(Arc::new(Mutex::new(state)))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A whole header is there.
    pub fn busy(&self) {
        self.change(|state| state.phase = Phase::Busy);
    }

    fn idle(&self) {
        self.change(|state| (state.phase, state.since) = (Phase::Idle, Instant::now()));
    }

    /// No more patience with who asks nothing.
    pub fn last(&self) {
        self.change(|state| {
            state.last = true;
            state.since = Instant::now();
        });
    }

    fn read(&self) {
        self.change(|state| {
            if matches!(state.phase, Phase::Idle) {
                (state.phase, state.since) = (Phase::Header, Instant::now());
            }
        });
    }

    fn wrote(&self, waits: bool) {
        self.change(|state| {
            state.stalled = if waits { state.stalled.or_else(|| Some(Instant::now())) } else { None };
        });
    }

    /// When patience ends, and with what.
    pub fn deadline(&self) -> Option<(Instant, Refused)> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stalled) = state.stalled {
            return Some((stalled + READER, Refused::SlowReader));
        }
        match state.phase {
            Phase::Idle => Some((state.since + if state.last { LAST_IDLE } else { IDLE }, Refused::Idle)),
            Phase::Header => Some((state.since + HEADER, Refused::SlowHeader)),
            Phase::Busy => None,
        }
    }
}

/// A stream that tells its pace.
pub struct Paced<S> {
    pub stream: S,
    pub pace: Pace,
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, into);
        if polled.is_ready() && into.filled().len() > before {
            self.pace.read();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.pace.wrote(polled.is_pending());
        polled
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.pace.wrote(polled.is_pending());
        polled
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        if polled.is_pending() {
            self.pace.wrote(true);
        }
        polled
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// An answer's body; when it is gone, the connection waits for the next request.
pub struct Answered {
    pub body: Body,
    pub pace: Pace,
}

impl http_body::Body for Answered {
    type Data = axum::body::Bytes;
    type Error = axum::Error;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.pace.idle();
    }
}
