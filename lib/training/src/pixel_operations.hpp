// The operations of TrivialAugment on square pictures [size, size, 3], 8-bit RGB, in place. What comes in
// from outside of the picture is kFill. Thread-safe. Same arguments, same bytes.
#pragma once

#include <cstdint>
#include <span>

namespace winnow::training {

inline constexpr std::uint8_t kFill = 127;  // near 0 once the network has normalised it

struct SquarePicture {
  std::span<std::uint8_t> pixels;  // size * size * 3 of them
  int size = 0;
};

void mirror(SquarePicture picture);

// Output pixel (x, y) is what lies at (xx x + xy y + x0, yx x + yy y + y0), bilinear between pixel centres,
// which have whole coordinates.
struct AffineMap {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;
};
void warp(SquarePicture picture, const AffineMap& map);
[[nodiscard]] AffineMap shear_x_map(double slope);  // about the top left corner
[[nodiscard]] AffineMap shear_y_map(double slope);
[[nodiscard]] AffineMap rotation_map(double degrees, int size);  // about the centre
// The picture moves right and down for positive numbers.
void translate(SquarePicture picture, int right, int down);

// base * (1 - factor) + picture * factor, rounded and held within 0..255, where base is
void adjust_brightness(SquarePicture picture, double factor);  // black
void adjust_colour(SquarePicture picture, double factor);      // the picture in grey
void adjust_contrast(SquarePicture picture, double factor);    // its mean grey everywhere
void adjust_sharpness(SquarePicture picture, double factor);   // the smoothed picture; edges stay as they are

// Brightness, contrast and colour at once, which takes a third of the time of one after the other. The mean
// grey is that of every eighth pixel.
struct ColourFactors {
  double brightness = 1;
  double contrast = 1;
  double saturation = 1;
};
void adjust_colours(SquarePicture picture, const ColourFactors& factors);

void posterize(SquarePicture picture, int bits);      // keeps the upper bits of 8
void solarize(SquarePicture picture, int threshold);  // inverts values from the threshold on
void auto_contrast(SquarePicture picture);            // each channel stretched to 0..255
void equalize(SquarePicture picture);                 // each channel's histogram made flat

enum class TrivialOperation {
  kIdentity,
  kShearX,
  kShearY,
  kTranslateX,
  kTranslateY,
  kRotate,
  kBrightness,
  kColour,
  kContrast,
  kSharpness,
  kPosterize,
  kSolarize,
  kAutoContrast,
  kEqualize,
};
inline constexpr int kTrivialOperations = 14;
inline constexpr int kTrivialStrengths = 31;

// One operation of TrivialAugment's wide set (Mueller & Hutter 2021) at a strength in [0, kTrivialStrengths).
// negative turns those round that have two directions. Translations go up to 32 px of 224, in proportion.
void apply_trivial_operation(SquarePicture picture, TrivialOperation operation, int strength, bool negative);

}  // namespace winnow::training
