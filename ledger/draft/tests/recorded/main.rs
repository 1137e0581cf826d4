//! The demonstration's input and the example of every kind, recorded under the real rules.

mod demo;
mod examples;
mod world;
