//! TLS by rustls: a certificate and its key from files, read again when they change.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::SystemTime,
};

use maru_kernel::{Error, Result};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    },
};

/// What tells that a file is another one than before.
type Mark = [Option<(SystemTime, u64)>; 2];

pub struct Tls {
    cert: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
    mark: Mutex<Mark>,
}

impl Tls {
    pub fn open(cert: &Path, key: &Path) -> Result<Tls> {
        let mark = mark(cert, key);
        let config = load(cert, key)?;
        Ok(Tls { cert: cert.into(), key: key.into(), config: RwLock::new(config), mark: Mutex::new(mark) })
    }

    pub fn acceptor(&self) -> TlsAcceptor {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone().into()
    }

    /// Reads the files again. A pair that can't be used changes nothing.
    pub fn reload(&self) {
        let now = mark(&self.cert, &self.key);
        *self.mark.lock().unwrap_or_else(PoisonError::into_inner) = now;
        match load(&self.cert, &self.key) {
            Ok(config) => {
                *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
                tracing::warn!("the certificate was read again; new connections get it");
            }
            Err(e) => {
                let cause = told(e);
                tracing::error!(cause, "the new certificate can't be used; the one before stays");
            }
        }
    }

    /// Reads the files again if they are others than before.
    pub fn reload_if_changed(&self) {
        let now = mark(&self.cert, &self.key);
        let known = *self.mark.lock().unwrap_or_else(PoisonError::into_inner);
        if now != known {
            self.reload();
        }
    }
}

fn told(error: Error) -> String {
    match error {
        Error::Internal(cause) => cause,
        other => other.to_string(),
    }
}

fn mark(cert: &Path, key: &Path) -> Mark {
    [cert, key].map(|path| {
        let known = fs::metadata(path).ok()?;
        Some((known.modified().ok()?, known.len()))
    })
}

fn load(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let wrong = |path: &Path, why: String| Error::internal(format!("{}: {why}", path.display()));
    let unread = |path: &Path, e: pem::Error| {
        let why = match e {
            pem::Error::Io(e) => format!("can't be read: {e}"),
            pem::Error::NoItemsFound => "holds no such thing in PEM".to_owned(),
            other => format!("is no PEM: {other:?}"),
        };
        wrong(path, why)
    };
    let certs = CertificateDer::pem_file_iter(cert)
        .and_then(|found| found.collect::<std::result::Result<Vec<_>, _>>())
        .map_err(|e| unread(cert, e))?;
    if certs.is_empty() {
        return Err(wrong(cert, "holds no certificate in PEM".into()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|e| match e {
        pem::Error::NoItemsFound => wrong(key, "holds no private key in PEM".into()),
        other => unread(key, other),
    })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?
        .with_no_client_auth()
        .with_single_cert(certs, secret)
        .map_err(|e| wrong(cert, format!("does not go with the key {}: {e}", key.display())))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
