//! Only tests: see tests/judge.rs.
