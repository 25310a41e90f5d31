//! The table of codes, messages and remedies. The build script makes it of `catalog-cache/error-*.jsonl`.

use super::{CodeMeaning, CodeRemedy, Expected, Kernels};
use crate::model::{Cause, Standing};

include!(concat!(env!("OUT_DIR"), "/error_codes.rs"));
