//! Just enough HTTP/1.1 on the loopback: a server for `gov24`, a client that keeps its connection for `bench` and `test`.

use crate::Outcome;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

pub struct Request {
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
}

pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    /// Promise this many bytes more than are sent, then hang up.
    pub missing: usize,
}

/// Serves each connection in a thread of its own until the program ends.
pub fn serve<F>(listener: &TcpListener, answer: F)
where
    F: Fn(&Request) -> Reply + Send + Sync + 'static,
{
    let answer = Arc::new(answer);
    for connection in listener.incoming().flatten() {
        let answer = Arc::clone(&answer);
        std::thread::spawn(move || {
            // A client that hangs up is no event for a development server.
            let _ended = talk(connection, answer.as_ref());
        });
    }
}

fn talk(connection: TcpStream, answer: &dyn Fn(&Request) -> Reply) -> std::io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(60)))?;
    connection.set_nodelay(true)?;
    let mut writer = connection.try_clone()?;
    let mut reader = BufReader::new(connection.take(64 * 1024 * 1024));
    while let Some(request) = read_request(&mut reader)? {
        let reply = answer(&request);
        let reason = match reply.status {
            200 => "OK",
            400 => "Bad Request",
            401 => "Unauthorized",
            404 => "Not Found",
            _ => "Internal Server Error",
        };
        let mut bytes = format!(
            "HTTP/1.1 {} {reason}\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: {}\r\n\r\n",
            reply.status,
            reply.body.len() + reply.missing
        )
        .into_bytes();
        bytes.extend_from_slice(&reply.body);
        writer.write_all(&bytes)?;
        let close = request.headers.get("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"));
        if close || reply.missing > 0 {
            break;
        }
    }
    Ok(())
}

fn read_request(reader: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let headers = read_headers(reader)?;
    let length = headers.get("content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    Ok(Some(Request { method, path: decode(path), query, headers }))
}

fn read_headers(reader: &mut impl BufRead) -> std::io::Result<BTreeMap<String, String>> {
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            return Ok(headers);
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
}

/// Percent and plus decoding, as in an address.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let hex: Vec<u8> = rest.by_ref().take(2).collect();
                let code = std::str::from_utf8(&hex).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                bytes.push(code.unwrap_or(b'?'));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One connection kept open, to an address on this machine.
pub struct Client {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    address: String,
}

pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    /// As sent: still packed if the headers say so.
    pub body: Vec<u8>,
}

impl Client {
    pub fn connect(address: &str) -> Outcome<Self> {
        let parsed: std::net::SocketAddr = address.parse().map_err(|e| format!("{address}: {e}"))?;
        if !parsed.ip().is_loopback() {
            return Err(format!("{address} is not on this machine"));
        }
        let open = || -> std::io::Result<Self> {
            let writer = TcpStream::connect_timeout(&parsed, Duration::from_secs(5))?;
            writer.set_nodelay(true)?;
            writer.set_read_timeout(Some(Duration::from_secs(30)))?;
            let reader = BufReader::new(writer.try_clone()?);
            Ok(Self { reader, writer, address: address.to_owned() })
        };
        open().map_err(|e| format!("{address}: {e}"))
    }

    pub fn get(&mut self, path: &str, headers: &str) -> Outcome<Answer> {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.address).as_bytes())
    }

    /// The bytes of a request, to be made once and sent many times.
    pub fn json_request(address: &str, path: &str, body: &str) -> Vec<u8> {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    pub fn send(&mut self, request: &[u8]) -> Outcome<Answer> {
        self.exchange(request).map_err(|e| format!("{}: {e}", self.address))
    }

    fn exchange(&mut self, request: &[u8]) -> std::io::Result<Answer> {
        let odd = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
        self.writer.write_all(request)?;
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let status =
            line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| odd("no status"))?;
        let headers = read_headers(&mut self.reader)?;
        let mut body = Vec::new();
        if headers.get("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
            loop {
                let mut size = String::new();
                self.reader.read_line(&mut size)?;
                let size = u64::from_str_radix(size.trim(), 16).map_err(|_| odd("a chunk without a size"))?;
                (&mut self.reader).take(size).read_to_end(&mut body)?;
                self.reader.read_line(&mut String::new())?;
                if size == 0 {
                    break;
                }
            }
        } else if status != 304 && status != 204 {
            let length: u64 = headers
                .get("content-length")
                .and_then(|v| v.parse().ok())
                .ok_or_else(|| odd("neither a length nor chunks"))?;
            body.reserve(usize::try_from(length).unwrap_or(0));
            (&mut self.reader).take(length).read_to_end(&mut body)?;
        }
        Ok(Answer { status, headers, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_decoded() {
        assert_eq!(decode("cond%5B%EC%84%9C%EB%B9%84%EC%8A%A4ID%3A%3AEQ%5D"), "cond[서비스ID::EQ]");
        assert_eq!(decode("a+b%2"), "a b\u{2}");
    }

    #[test]
    fn a_client_reads_what_a_server_sends() -> Outcome {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        let address = listener.local_addr().map_err(|e| e.to_string())?.to_string();
        std::thread::spawn(move || {
            serve(&listener, |request| Reply {
                status: 200,
                body: format!("{} {} {:?}", request.method, request.path, request.query).into_bytes(),
                missing: 0,
            });
        });
        let mut client = Client::connect(&address)?;
        for _ in 0..2 {
            let answer = client.get("/%EA%B0%80?a=1&b=2", "")?;
            assert_eq!(String::from_utf8_lossy(&answer.body), r#"GET /가 {"a": "1", "b": "2"}"#);
        }
        assert!(Client::connect("192.0.2.1:80").is_err());
        Ok(())
    }
}
