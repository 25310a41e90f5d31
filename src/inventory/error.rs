//! Why an input cannot be read, in one line each: what it looks like, where, and what to give instead.

/// An input that is no inventory of one host. Every message is one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing but blanks.
    #[error(
        "{input}: the file is empty; an empty file does not say that no update is installed: run the command again, such as `systeminfo > host.txt`"
    )]
    Empty {
        /// The input as the user named it.
        input: String,
    },
    /// Larger than any inventory.
    #[error("{input}: {bytes} bytes are more than an inventory has (at most {limit})")]
    TooLarge {
        /// The input as the user named it.
        input: String,
        /// Its size.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// Something else.
    #[error("{input}: looks like {looks_like}, not like an inventory that kbwhy reads; {instead}")]
    NotAnInventory {
        /// The input as the user named it.
        input: String,
        /// What it seems to be.
        looks_like: String,
        /// What to give instead.
        instead: String,
    },
    /// Updates that a host lacks, or is offered; never taken for installed ones.
    #[error(
        "{input}:{line}: looks like updates that are offered or missing, not installed; give the installed ones instead: `systeminfo > host.txt` or `dism /online /english /get-packages > packages.txt`"
    )]
    MissingList {
        /// The input as the user named it.
        input: String,
        /// The first line that shows it, counted from 1.
        line: u32,
    },
    /// Facts of more than one machine.
    #[error(
        "{input}: holds several machines ({}); {}give one file for each",
        names.join(", "),
        if names.iter().any(|n| n == "unnamed") { "" } else { "choose one with --host NAME, or " }
    )]
    SeveralHosts {
        /// The input as the user named it.
        input: String,
        /// Their names, sorted; `unnamed` where there is none.
        names: Vec<String>,
    },
    /// Inputs of different machines.
    #[error(
        "{input} is of {is}, {other} of {other_is}: one answer is about one machine; if they are one (renamed or upgraded between the two), add --allow-mixed"
    )]
    DifferentHosts {
        /// One input as the user named it.
        input: String,
        /// Whose it is.
        is: String,
        /// Another one.
        other: String,
        /// Whose that is.
        other_is: String,
    },
    /// No machine of the name that was asked for.
    #[error("no inventory is of `{name}`; there is {}", names.join(", "))]
    NoSuchHost {
        /// The name that was asked for.
        name: String,
        /// The machines that there are, sorted; at most ten.
        names: Vec<String>,
    },
    /// JSON that does not parse.
    #[error("{input}:{line}:{column}: not valid JSON: {message}")]
    BadJson {
        /// The input as the user named it.
        input: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What the parser expected.
        message: String,
    },
    /// A document of kbwhy that is no host.
    #[error("{input}: the schema is `{found}`, expected `kbwhy/host/1`")]
    WrongSchema {
        /// The input as the user named it.
        input: String,
        /// What the member `schema` says.
        found: String,
    },
    /// A member of `kbwhy/host/1` that has another type or value than it may.
    #[error("{input}: {member}: {problem}")]
    WrongMember {
        /// The input as the user named it.
        input: String,
        /// The member, such as `updates.installed[3]`.
        member: String,
        /// What is wrong with it.
        problem: String,
    },
}
