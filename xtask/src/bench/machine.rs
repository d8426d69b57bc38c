//! What the figures were measured on, as the kernel tells it.

use std::fs;
use std::thread;

/// Says in a line what this machine is.
pub(super) fn describe() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let processor = field("/proc/cpuinfo", "model name");
    let memory = field("/proc/meminfo", "MemTotal");
    let kibibytes = memory
        .split(' ')
        .next()
        .and_then(|text| text.parse::<u64>().ok());
    let memory = kibibytes.unwrap_or_default() / 1024 / 1024;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{cores} cores of {processor}, {memory} GiB of memory, Linux {}",
        kernel.trim()
    )
}

fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':'));
    value.map_or_else(
        || "an unknown kind".to_owned(),
        |(_, value)| value.trim().to_owned(),
    )
}
