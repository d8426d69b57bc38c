//! The two streams a command writes to: results on one, talk on the other.
//!
//! A reader that closes the pipe, as `head` does, is not an error: what it does not want is
//! dropped and the verdict's exit code is still returned. Every other failure to write is one,
//! because a report that was not written must not pass. What is written is the commands' matter.

use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, IsTerminal, Write};

use crate::report::text::harmless;

/// Where results and talk go.
pub struct Streams {
    /// Results: the report, and nothing else.
    pub out: Box<dyn Write + Send>,
    /// Talk: progress, hints and failures.
    pub err: Box<dyn Write + Send>,
    /// What shows the results.
    pub screen: Screen,
    /// Whether a person waits at a terminal for what is talked, so that progress helps.
    pub err_is_terminal: bool,
    /// Where a person answers questions; `None` unless one sits at a terminal.
    pub answers: Option<Box<dyn BufRead + Send>>,
}

/// What shows the results: a terminal, or something that is read later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    /// Whether a person reads them at a terminal, so that colour helps.
    pub is_terminal: bool,
    /// How many columns it has, if it is a terminal that says so.
    pub width: Option<usize>,
}

impl Streams {
    /// Takes the process's own streams.
    pub fn process() -> Self {
        let out = io::stdout();
        let screen = Screen {
            is_terminal: out.is_terminal(),
            width: terminal_size::terminal_size_of(&out).map(|(width, _)| width.0.into()),
        };
        let err = io::stderr();
        let err_is_terminal = err.is_terminal();
        let asks = io::stdin().is_terminal() && err_is_terminal;
        Self {
            out: Box::new(out),
            err: Box::new(err),
            screen,
            err_is_terminal,
            answers: asks.then(|| Box::new(BufReader::new(io::stdin())) as Box<dyn BufRead + Send>),
        }
    }

    /// Makes a pair of streams that are no terminal, for tests and for callers inside a program.
    pub fn captured(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        Self {
            out: Box::new(out),
            err: Box::new(err),
            screen: Screen::default(),
            err_is_terminal: false,
            answers: None,
        }
    }

    /// Writes a whole result and flushes it; a closed pipe is quiet.
    ///
    /// # Errors
    /// Fails if the result could not be written for any other reason, such as a full disk.
    pub fn result(&mut self, text: &str) -> io::Result<()> {
        self.results(|out| out.write_all(text.as_bytes()))
    }

    /// Lets a result be written as it comes, and flushes it; a closed pipe is quiet.
    ///
    /// # Errors
    /// Fails if the result could not be written for any other reason, such as a full disk.
    pub fn results(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut out = BufWriter::new(&mut self.out);
        let written = write(&mut out).and_then(|()| out.flush());
        // What is left after a failure must not be tried again when the buffer goes.
        let _unwritten = out.into_parts();
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Asks a person a question and gives the answer without its end of line; `None` if nobody is
    /// there to ask, or if the person has gone.
    pub fn ask(&mut self, question: &str) -> Option<String> {
        let answers = self.answers.as_mut()?;
        write!(self.err, "{question} ")
            .and_then(|()| self.err.flush())
            .ok()?;
        let mut line = String::new();
        let read = answers.read_line(&mut line).ok()?;
        (read > 0).then(|| line.trim().to_owned())
    }

    /// Writes to a line of talk that is still to be written over.
    pub(crate) fn mutter(&mut self, text: &str) {
        let _unheard = write!(self.err, "{text}").and_then(|()| self.err.flush());
    }

    /// Writes one line of talk; if nobody can hear it, that changes nothing.
    pub fn say(&mut self, line: &str) {
        let line = harmless(line);
        let _unheard = writeln!(self.err, "{line}").and_then(|()| self.err.flush());
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    /// A stream whose text can be read afterwards.
    #[derive(Clone, Default)]
    pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Captured {
        pub(crate) fn text(&self) -> String {
            let bytes = self
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            String::from_utf8(bytes).expect("commands write text")
        }
    }

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    pub(crate) struct Failing(pub(crate) ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_closed_pipe_is_quiet_and_a_full_disk_is_not() {
        let result = |kind| {
            Streams::captured(Failing(kind), io::sink())
                .result("a report")
                .map_err(|e| e.kind())
        };
        assert_eq!(result(ErrorKind::BrokenPipe), Ok(()));
        assert_eq!(result(ErrorKind::StorageFull), Err(ErrorKind::StorageFull));
    }

    #[test]
    fn talk_that_nobody_hears_changes_nothing() {
        Streams::captured(io::sink(), Failing(ErrorKind::BrokenPipe)).say("hello");
    }
}
