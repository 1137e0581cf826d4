//! Proof from outside: harness, journeys, faults, acceptance scenarios.
