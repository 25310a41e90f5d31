//! `kbwhy catalog update`.

use super::super::{Failure, catalog::update::Update, commands::Printed};

pub(in crate::cli) fn run(_typed: &Update) -> Printed {
    Err(Failure::usage("not built yet"))
}
