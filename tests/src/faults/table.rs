//! Which faults there are, and which of them strike which requests in a run of the tests.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::{Excused, Operation};
use crate::emulator;
use crate::place;

/// How many faults strike a request that changes nothing, in a run that does not take all.
const FOR_A_READING: usize = 1;

/// Words of which every failure has one.
pub(super) const WAYS_OUT: [&str; 16] = [
    "hint:",
    "again",
    "resume",
    "Grant",
    "grant",
    "Run ",
    "run `",
    "heck ",
    "Ask ",
    "Name ",
    "new plan",
    "ake that role",
    "Set `",
    "import it",
    "needs the role",
    "enrol it",
];

/// Returns all faults with their names.
fn faults() -> [(&'static str, Value); 13] {
    [
        ("reset before", json!({"reset": "before"})),
        ("reset after", json!({"reset": "after"})),
        ("truncated", json!({"truncate": 10})),
        ("garbage", json!({"garbage": true})),
        ("403", json!({"status": 403, "code": "Forbidden"})),
        ("404", json!({"status": 404, "code": "NotFound"})),
        ("409", json!({"status": 409, "code": "Conflict"})),
        ("429", json!({"status": 429, "retry_after": 1})),
        ("500", json!({"status": 500, "code": "InternalServerError"})),
        ("503", json!({"status": 503, "code": "ServerBusy"})),
        (
            "503 after",
            json!({"status": 503, "code": "ServerBusy", "when": "after"}),
        ),
        ("slow before", json!({"delay_ms": 300})),
        ("slow after", json!({"delay_ms": 300, "when": "after"})),
    ]
}

/// One request of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The published name of its operation.
    pub operation: String,
    /// Which request of that operation it is, counted from one.
    pub nth: u64,
    /// Whether it changes something.
    pub changes: bool,
    /// Whether it takes something away.
    pub deletes: bool,
}

/// One request and one fault.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The request.
    pub request: Request,
    /// The name of the fault.
    pub name: &'static str,
    /// The fault, as the emulator takes it.
    pub fault: Value,
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request { operation, nth, .. } = &self.request;
        write!(formatter, "{operation} {nth}, {}", self.name)
    }
}

/// Lists the requests of a journal. Those that were sent to learn where a token is to be had are not
/// counted by faults.
pub(super) fn requests(journal: &[emulator::Request]) -> Vec<Request> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let admitted = journal.iter().filter(|request| request.status != 401);
    admitted
        .map(|request| {
            let nth = counts.entry(&request.operation).or_default();
            *nth += 1;
            Request {
                operation: request.operation.clone(),
                nth: *nth,
                changes: changes(request),
                deletes: request.method == "DELETE",
            }
        })
        .collect()
}

fn changes(request: &emulator::Request) -> bool {
    let posted = ["Regenerate", "Recover", "Restore"];
    match request.method.as_str() {
        "PUT" | "PATCH" | "DELETE" => true,
        "POST" => posted.iter().any(|word| request.operation.contains(word)),
        _ => false,
    }
}

/// Picks the cells of a run. Without `--full` every request that changes something meets every fault,
/// and every other one meets some, which go round. Those of a request that changes something take
/// longest, and come first.
pub(super) fn cells(operation: &Operation, requests: &[Request]) -> Vec<Cell> {
    let full = place::takes_the_full_matrix();
    let faults = faults();
    let mut cells = Vec::new();
    for (place, request) in requests.iter().enumerate() {
        for (number, (name, fault)) in faults.iter().enumerate() {
            // Steps through all faults before one comes again, and begins elsewhere in each operation.
            let first = (place * FOR_A_READING + operation.name.len()) % faults.len();
            let turn = (number + faults.len() - first) % faults.len();
            if !full && !request.changes && turn >= FOR_A_READING {
                continue;
            }
            // What is not there need not be deleted: such an answer says what was wanted.
            if *name == "404" && request.deletes {
                continue;
            }
            cells.push(Cell {
                request: request.clone(),
                name,
                fault: fault.clone(),
            });
        }
    }
    cells.sort_by_key(|cell| !cell.request.changes);
    cells
}

/// Says whether a cell may end otherwise.
pub(super) fn is_excused(operation: &Operation, cell: &Cell) -> bool {
    let is_it = |excused: &Excused| {
        let same = excused.request == cell.request.operation;
        let any = excused.nth.is_none_or(|nth| nth == cell.request.nth);
        same && any && excused.faults.contains(&cell.name)
    };
    operation.excused.iter().any(is_it)
}
