use crate::Place;
use maru_kernel::Result;
pub fn run(_: &Place) -> Result<()> {
    Ok(())
}
