//! Registers, clocks and figures, folded from the ledger.
