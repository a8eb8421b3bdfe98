//! The other home of blobs: a bucket that speaks S3. What came in was hashed on a disk first; here it only gets its name.

use std::{fs::File, io::Read, ops::Range, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use maru_kernel::{Error, Result};
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt, RetryConfig, WriteMultipart,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
};
use tokio::sync::Semaphore;

/// The least that a part may be by the protocol.
const PART: usize = 5 * 1024 * 1024;
/// So many are sent to the bucket at once: each holds a part in memory.
const AT_ONCE: usize = 4;

pub(crate) struct Bucket {
    store: AmazonS3,
    prefix: String,
    turns: Semaphore,
}

impl Bucket {
    /// `s3://bucket/prefix`; endpoint, region and keys from the environment (`AWS_ENDPOINT`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`).
    pub(crate) fn open(address: &str) -> Result<Bucket> {
        let rest = address.strip_prefix("s3://").filter(|rest| !rest.is_empty());
        let rest =
            rest.ok_or_else(|| Error::internal(format!("{address}: write it like s3://bucket/prefix")))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        // Whoever set another provider first is right too.
        rustls::crypto::ring::default_provider().install_default().ok();
        let retry =
            RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(10), ..RetryConfig::default() };
        let plain = std::env::var("AWS_ENDPOINT").is_ok_and(|endpoint| endpoint.starts_with("http://"));
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_allow_http(plain)
            .with_retry(retry)
            .build()
            .map_err(Error::internal)?;
        Ok(Bucket { store, prefix: prefix.trim_matches('/').to_owned(), turns: Semaphore::new(AT_ONCE) })
    }

    /// The caller has looked that the name is a hash.
    fn key(&self, name: &str) -> Path {
        Path::from(format!("{}/{name}", self.prefix))
    }

    /// A key shows nothing until all of it is there.
    pub(crate) async fn keep(&self, name: &str, mut file: File) -> Result<()> {
        let _turn = self.turns.acquire().await.map_err(Error::internal)?;
        let key = self.key(name);
        if self.store.head(&key).await.is_ok() {
            return Ok(());
        }
        let first;
        (file, first) = part(file).await?;
        if first.len() < PART {
            self.store.put(&key, first.into()).await.map_err(said)?;
            return Ok(());
        }
        let mut parts =
            WriteMultipart::new_with_chunk_size(self.store.put_multipart(&key).await.map_err(said)?, PART);
        parts.put(first);
        loop {
            // One part on its way at a time.
            if let Err(e) = parts.wait_for_capacity(1).await {
                parts.abort().await.ok();
                return Err(said(e));
            }
            let next;
            (file, next) = part(file).await?;
            if next.is_empty() {
                break;
            }
            parts.put(next);
        }
        parts.finish().await.map(|_| ()).map_err(said)
    }

    pub(crate) async fn size(&self, name: &str) -> Result<u64> {
        Ok(self.store.head(&self.key(name)).await.map_err(said)?.size)
    }

    pub(crate) async fn send(
        &self,
        name: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let got = self.store.get_opts(&self.key(name), options).await.map_err(said)?;
        Ok(got.into_stream().map_err(said).boxed())
    }
}

async fn part(mut file: File) -> Result<(File, Bytes)> {
    tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::with_capacity(PART);
        let most = u64::try_from(PART).unwrap_or(u64::MAX);
        (&mut file).take(most).read_to_end(&mut bytes).map_err(Error::internal)?;
        Ok((file, Bytes::from(bytes)))
    })
    .await
    .map_err(Error::internal)?
}

fn said(e: object_store::Error) -> Error {
    match e {
        object_store::Error::NotFound { .. } => Error::NotFound,
        object_store::Error::Generic { .. } => {
            tracing::error!(cause = %e, "the bucket does not answer as it should");
            Error::Unavailable("error-store-gone".into())
        }
        other => Error::internal(other),
    }
}
