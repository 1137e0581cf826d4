//! Reports, findings, judgments, and the obligations that follow from them.
