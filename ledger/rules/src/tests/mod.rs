//! Scenarios: what the rules say to people who do things, in order.

mod charter;
mod conduct;
mod governance;
mod hostile;
mod inspection;
mod obligations;
mod panels;
mod powers;
mod privacy;
mod recorders;
mod registry;
mod response;
mod reviews;
mod scenarios;
mod world;
