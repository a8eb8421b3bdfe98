//! The program under measurement, as a process of its own.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use maru_kernel::{Error, Result};

use crate::http::{Client, page};

pub struct Server {
    child: Child,
    pub port: u16,
}

impl Server {
    pub fn start(program: &Path, data: &Path, more: &[&str]) -> Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::internal)?;
        let port = listener.local_addr().map_err(Error::internal)?.port();
        drop(listener);
        let log = std::fs::File::create(data.with_extension("log")).map_err(Error::internal)?;
        let child = Command::new(program)
            .args(["demo", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(data)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|e| Error::internal(format!("{}: {e}", program.display())))?;
        let server = Server { child, port };
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            let ready = Client::connect(port)
                .and_then(|mut c| c.send(&page("/healthz", "-")).map(|(status, _)| status));
            if ready.is_ok_and(|status| status == 200) {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(Error::internal("the program did not start within a minute"))
    }

    /// Megabytes in memory.
    pub fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number =
            kilobytes.and_then(|rest| rest.split_whitespace().next()).and_then(|n| n.parse::<f64>().ok());
        number.unwrap_or(0.0) * 1024.0 / 1e6
    }

    /// Seconds of processor it has used.
    pub fn seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks =
            |n: usize| rest.split_whitespace().nth(n).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / 100.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
