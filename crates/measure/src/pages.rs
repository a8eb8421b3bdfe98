use crate::Place;
use maru_kernel::Result;
pub fn run(_: &Place) -> Result<()> {
    Ok(())
}
pub fn soak(_: &Place) -> Result<()> {
    Ok(())
}
