//! The truth table of `check`: what was seen, and which verdict, findings and exit code follow.
//!
//! Each row is a cell of the table. A row that ends with 0 is a pass, and there is none among what is
//! broken, unknown or unread.

mod judged;
mod read;
mod rules;
mod said;
