//! Whole journeys, through the program, as a person takes them.

mod by_hand;
mod erasure;
mod figures;
mod for_the_board;
mod importing;
mod national;
mod officer;
mod over_http;
mod oversight;
mod past_one_machine;
mod processes;
mod sampling;
mod second_thoughts;
mod services;
