use maru_kernel::Result; use crate::Place; pub fn run(_: &Place) -> Result<()> { Ok(()) }
pub fn soak(_: &Place) -> Result<()> { Ok(()) }
