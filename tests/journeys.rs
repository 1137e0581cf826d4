//! Whole journeys, through the program, as a person takes them.

mod by_hand;
