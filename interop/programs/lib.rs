//! Programs that only the checks against other registries need, as examples: those are built together with the ones that people copy.
