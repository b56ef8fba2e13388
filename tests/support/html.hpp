#pragma once

#include <string>
#include <string_view>

namespace winnow::test {

// The first thing that is not well-formed in HTML or SVG of the kind our reports are made of, for people;
// empty if there is none. Every element that is not void must be closed in order; text must not hold a bare
// '<'.
[[nodiscard]] std::string find_markup_fault(std::string_view html);

// The same for what would make a page fetch something: an address other than data:, an @import, a script
// from elsewhere.
[[nodiscard]] std::string find_outside_reference(std::string_view html);

// How often `part` occurs.
[[nodiscard]] int count_of(std::string_view text, std::string_view part);

}  // namespace winnow::test
