//! One file for each format. Each writes the same bytes for the same workbook, on any machine, for ever.
//!
//! Two things make office documents differ from one day to the next: clocks and compressors. Here a document's
//! time is that of the last entry it rests on, and archives are not compressed.

pub mod archive;
pub mod csv;
pub mod json;
pub mod ods;
pub mod xlsx;
