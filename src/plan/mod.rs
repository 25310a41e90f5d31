//! From a host as it is to all goals installed: requirements as an AND-OR graph, the cheapest way through it, replayed by
//! the resolver itself; what-if and the smallest change on top of it.
//!
//! `graph` asks the resolver what each update needs on this host and which changes would give it, `solve` chooses and
//! schedules, `simulate` says what a host is after a change, `replay` lets the resolver judge every step. What the replay
//! refuses is left out and the choice made anew: a plan that does not replay is not given.

mod first_steps;
mod graph;
mod make;
pub mod minimal;
pub mod order;
mod replay;
pub mod simulate;
mod solve;
pub mod what_if;

pub use first_steps::{FirstStep, first_steps, steps_of_same_branch};
pub use make::{assume, plan};
pub use replay::{Refused, Replayed, replay};
pub use simulate::Change;

use crate::{
    model::{Build, Clause, Host, KbId},
    resolve::{
        identity::Identity,
        question::Finding,
        statement::{Ask, Evidence},
    },
};

/// What is preferred among the ways that lead to the goals. Certainty comes before all: members of which no source says
/// what they need are taken last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Objective {
    /// fewest restarts, then fewest steps, then the newest
    #[default]
    FewestRestarts,
    /// the newest that applies of each group that would do
    Newest,
    /// few and light packages: a servicing stack before a cumulative update
    Smallest,
    /// the member that the source names first
    Documented,
}

impl Objective {
    /// Every objective.
    pub const ALL: [Self; 4] = [Self::FewestRestarts, Self::Newest, Self::Smallest, Self::Documented];
    /// `fewest-restarts`, `newest`, `smallest`, `documented`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FewestRestarts => "fewest-restarts",
            Self::Newest => "newest",
            Self::Smallest => "smallest",
            Self::Documented => "documented",
        }
    }
    /// From its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.name() == text)
    }
}

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Request {
    /// the updates that are to be there in the end; order and doubles do not matter
    pub goals: Vec<KbId>,
    /// what is preferred
    pub objective: Objective,
    /// the host is an image that is not running: no restarts
    pub image: bool,
    /// facts that are taken for granted: `FACT=VALUE` as for `--set`, or `KB5005112=installed`, `KB5005112=absent`
    pub assume: Vec<String>,
    /// how much may be searched, in visits of graph members; more is more exact
    pub budget: u64,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            goals: Vec::new(),
            objective: Objective::default(),
            image: false,
            assume: Vec::new(),
            budget: 20_000_000,
        }
    }
}

impl Request {
    /// To install these, with all else as by default.
    pub fn to(goals: impl IntoIterator<Item = KbId>) -> Self {
        Self { goals: goals.into_iter().collect(), ..Self::default() }
    }
}

/// The way from a host to the goals, or why there is none.
#[derive(Clone, Debug)]
pub struct Plan {
    /// the host as it is at the start, with what is assumed
    pub host: Host,
    /// the host as identified
    pub identity: Identity,
    /// each goal, by number
    pub goals: Vec<Goal>,
    /// what was preferred
    pub objective: Objective,
    /// every goal is reached, if the conditions of the steps hold
    pub possible: bool,
    /// nothing cheaper exists; else [`Remark::GaveUp`] says so
    pub optimal: bool,
    /// the steps in order, to those goals that can be reached
    pub steps: Vec<Step>,
    /// how many restarts it takes, at most
    pub restarts: u32,
    /// for an image that is not running
    pub image: bool,
    /// why goals cannot be reached
    pub blocked: Vec<Blocker>,
    /// what would settle conditional steps
    pub asks: Vec<Ask>,
    /// what was assumed
    pub assumed: Vec<String>,
    /// what is worth knowing
    pub remarks: Vec<Remark>,
    /// every step as the resolver judged it when its turn came
    pub replay: Vec<Replayed>,
}

/// What becomes of a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GoalState {
    /// it is installed
    Install,
    /// it is there
    AlreadyInstalled,
    /// something that is there replaces it
    Superseded,
    /// something that the plan installs carries it
    Contained,
    /// it cannot be
    Impossible,
    /// whether it can be is not known
    Unknown,
}

impl GoalState {
    /// States of goals for which nothing is to be done.
    pub const ALL_THERE: [Self; 3] = [Self::AlreadyInstalled, Self::Superseded, Self::Contained];
    /// `install`, `already-installed`, …
    pub const fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::AlreadyInstalled => "already-installed",
            Self::Superseded => "superseded",
            Self::Contained => "contained",
            Self::Impossible => "impossible",
            Self::Unknown => "unknown",
        }
    }
}

/// A goal.
#[derive(Clone, Debug)]
pub struct Goal {
    /// the update
    pub kb: KbId,
    /// what becomes of it
    pub state: GoalState,
    /// the updates that replace or carry it
    pub by: Vec<KbId>,
    /// what the resolver found, where that decides it
    pub finding: Option<Finding>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// what is done
    pub change: Change,
    /// restart right after it
    pub restart: bool,
    /// what the package asks for; `None` if its kind does not tell
    pub asks_restart: Option<bool>,
    /// steps between two restarts are one stage, counted from 1
    pub stage: u32,
    /// steps that must come before, counted from 0
    pub after: Vec<usize>,
    /// what needs it
    pub because: Vec<Because>,
    /// it is one of the goals
    pub goal: bool,
    /// do it only if this holds
    pub only_if: Option<Condition>,
}

/// Why a step is needed.
#[derive(Clone, Debug)]
pub struct Because {
    /// the update that needs it
    pub needed_by: KbId,
    /// any of these would do; empty for a step of a documented order
    pub clause: Clause,
    /// why, as the rule says it; may be empty
    pub why: String,
    /// who states it
    pub evidence: Evidence,
}

/// When a conditional step is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// what must be so
    pub holds: Holds,
    /// what tells whether it is so
    pub ask: Ask,
}

/// What must be so for a step to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// neither the update nor what replaces it is there
    Absent(KbId),
    /// the host is below this build
    Below(Build),
    /// none of these is so
    NoneOf(Clause),
    /// any of these is so
    Has(Clause),
}

/// Why a goal cannot be reached.
#[derive(Clone, Debug)]
pub struct Blocker {
    /// the goal
    pub goal: KbId,
    /// updates from the goal to the one that is blocked; only the goal where it is itself
    pub through: Vec<KbId>,
    /// the blocking cause with its evidence and remedy
    pub finding: Finding,
}

/// Something about a plan that is worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// updates need each other in a circle; `by` breaks it, since it meets what `needs` asks for
    Cycle {
        /// the updates of the circle
        circle: Vec<KbId>,
        /// the one whose need is met from outside
        needs: KbId,
        /// what meets it
        by: Change,
    },
    /// the search was given up after so many choices: something cheaper may exist
    GaveUp(u64),
    /// a documented order could not be kept
    OrderBroken(KbId, KbId),
    /// no source says what this update needs
    Unstated(KbId),
    /// the checkpoint lies in the same folder as the target: DISM takes it from there
    CheckpointFolder {
        /// the target
        target: KbId,
        /// its checkpoints
        checkpoints: Vec<KbId>,
    },
    /// it is withdrawn and was avoided
    AvoidedWithdrawn(KbId),
    /// wusa fails in a remote session
    RunLocally,
    /// a fact that was to be assumed is none
    NotAssumed(String),
}
