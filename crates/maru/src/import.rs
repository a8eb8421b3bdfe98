use std::{path::Path, process::ExitCode};
use maru_kernel::{Error, Result};
pub async fn gov24(_from: &str, _data: &Path) -> Result<ExitCode> { Err(Error::internal("not yet")) }
