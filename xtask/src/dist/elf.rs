//! A look at a program for Linux: whether it asks the system for anything.

use anyhow::{Context, Result, ensure};

/// The kind of header that names the loader of a program's libraries.
const INTERPRETER: u32 = 3;

/// Tells whether a program needs no loader, so that it runs on any Linux, and in an empty folder too.
pub fn is_static(program: &[u8]) -> Result<bool> {
    ensure!(
        program.starts_with(b"\x7fELF\x02\x01"),
        "not a program for a 64-bit Linux"
    );
    let headers = number(program, 0x20, 8)?;
    let size = number(program, 0x36, 2)?;
    let count = number(program, 0x38, 2)?;
    for index in 0..count {
        let kind = number(program, headers + index * size, 4)?;
        if kind == u64::from(INTERPRETER) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads a number of so many bytes, the lowest first.
fn number(program: &[u8], at: u64, bytes: usize) -> Result<u64> {
    let at = usize::try_from(at).context("a program is too large")?;
    let found = program.get(at..at.saturating_add(bytes));
    let found = found.context("the head of a program is cut off")?;
    let digits = found.iter().rev();
    Ok(digits.fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a program that consists of headers of these kinds.
    fn program(kinds: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0; 0x40];
        bytes.splice(..6, *b"\x7fELF\x02\x01");
        bytes.splice(0x20..0x28, 0x40_u64.to_le_bytes());
        bytes.splice(0x36..0x38, 56_u16.to_le_bytes());
        let count = u16::try_from(kinds.len()).expect("a few");
        bytes.splice(0x38..0x3a, count.to_le_bytes());
        for kind in kinds {
            bytes.extend(kind.to_le_bytes());
            bytes.extend([0; 52]);
        }
        bytes
    }

    #[test]
    fn a_program_that_names_a_loader_is_not_static() -> Result<()> {
        assert!(is_static(&program(&[1, 2, 6]))?);
        assert!(!is_static(&program(&[1, 2, 3, 6]))?);
        Ok(())
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_refused() {
        let whole = program(&[1, 2]);
        let cut = whole.get(..0x60).unwrap_or_default();
        assert!(is_static(cut).is_err());
        assert!(is_static(b"MZ").is_err());
    }

    #[test]
    #[cfg(target_env = "gnu")]
    fn a_real_program_of_this_system_is_not_static() -> Result<()> {
        let this = std::env::current_exe()?;
        assert!(!is_static(&std::fs::read(this)?)?);
        Ok(())
    }
}
