//! The least a client can do: requests made beforehand, kept connections, one thread each.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

pub struct Client {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    line: String,
    body: Vec<u8>,
}

impl Client {
    /// Only ever to this machine.
    pub fn connect(port: u16) -> std::io::Result<Client> {
        let writer = TcpStream::connect(("127.0.0.1", port))?;
        writer.set_nodelay(true)?;
        writer.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Client {
            reader: BufReader::new(writer.try_clone()?),
            writer,
            line: String::new(),
            body: Vec::new(),
        })
    }

    /// The status and the body; good for answers with a length.
    pub fn send(&mut self, request: &[u8]) -> std::io::Result<(u16, &[u8])> {
        self.writer.write_all(request)?;
        let mut status = 0;
        let (mut length, mut chunked) = (0_usize, false);
        let mut first = true;
        loop {
            self.line.clear();
            if self.reader.read_line(&mut self.line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = self.line.trim_end();
            if first {
                status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
                first = false;
            } else if line.is_empty() {
                break;
            } else if let Some((name, value)) = line.split_once(':') {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().unwrap_or(0);
                } else if name.eq_ignore_ascii_case("transfer-encoding") {
                    chunked = true;
                }
            }
        }
        self.body.clear();
        if chunked {
            loop {
                self.line.clear();
                self.reader.read_line(&mut self.line)?;
                let size = usize::from_str_radix(self.line.trim(), 16).unwrap_or(0);
                let start = self.body.len();
                self.body.resize(start + size, 0);
                if let Some(room) = self.body.get_mut(start..) {
                    self.reader.read_exact(room)?;
                }
                self.line.clear();
                self.reader.read_line(&mut self.line)?;
                if size == 0 {
                    break;
                }
            }
        } else {
            self.body.resize(length, 0);
            self.reader.read_exact(&mut self.body)?;
        }
        Ok((status, &self.body))
    }
}

pub fn post(path: &str, token: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub fn page(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: maru_session={token}\r\nAccept-Language: ko\r\n\r\n").into_bytes()
}
