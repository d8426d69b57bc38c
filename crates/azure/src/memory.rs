//! Keeps the memory of the process, which keys and tokens pass through, off the disk.

/// Lets no crash of this process leave a core file. Programs that it starts inherit that, and may ask
/// for such files again.
///
/// A system that knows no such limit keeps its own ways.
pub fn keep_off_disk() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            maximum: getrlimit(Resource::Core).maximum,
        };
        if let Err(error) = setrlimit(Resource::Core, none) {
            tracing::warn!(%error, "a crash may leave a file with the memory of this process");
        }
    }
}
