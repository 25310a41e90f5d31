//! Applicability rules of Windows Update metadata: parsed, and evaluated in three-valued logic against a host's facts.
