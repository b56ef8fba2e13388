// Pictures drawn on the spot, so that no test needs a file of someone else's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "winnow/image/image.hpp"

namespace winnow::test {

// The kinds of scene that draw_scene() knows; each looks like itself and unlike the others.
[[nodiscard]] const std::vector<std::string>& scene_kinds();  // "discs", "stripes", "checks"

// A picture of one kind; the seed varies place, size, colours and noise. Equal arguments, equal pixels.
[[nodiscard]] image::Image draw_scene(const std::string& kind, std::uint64_t seed, int width = 160,
                                      int height = 120);

// A smooth colour gradient: survives JPEG within a few grey levels.
[[nodiscard]] image::Image draw_gradient(int width, int height);

// Writes kind/000.jpg ... below folder, `count` of each kind.
void write_scene_tree(const std::filesystem::path& folder, int count, std::uint64_t seed = 1);

// The largest difference of any colour value. Sizes must be equal.
[[nodiscard]] int largest_difference(const image::Image& a, const image::Image& b);

}  // namespace winnow::test
