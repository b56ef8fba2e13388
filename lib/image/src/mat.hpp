// Where our pixels meet OpenCV: views without a copy, one thread, its exceptions translated.
#pragma once

#include <new>
#include <opencv2/core.hpp>
#include <utility>

#include "winnow/core/error.hpp"
#include "winnow/image/image.hpp"

namespace winnow::image {

// Valid as long as the image.
[[nodiscard]] inline cv::Mat view(Image& image) {
  return {image.height(), image.width(), CV_8UC3, image.row(0), image.row_bytes()};
}
[[nodiscard]] inline cv::Mat view(const Image& image) {
  // OpenCV has no view of constant pixels; callers only read from it.
  return {image.height(), image.width(), CV_8UC3, const_cast<std::uint8_t*>(image.row(0)), image.row_bytes()};
}

// Pictures are small, callers bring their threads, and results must not depend on how many there are.
inline void keep_opencv_on_one_thread() {
  static const bool done = [] {
    cv::setNumThreads(1);
    return true;
  }();
  static_cast<void>(done);
}

// Runs work. Throws std::bad_alloc, or Error{kInvalid} for anything else that OpenCV refuses.
template <class Work>
auto translate_opencv(const Work& work) {
  keep_opencv_on_one_thread();
  try {
    return work();
  } catch (const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem) throw std::bad_alloc();
    throw Error(ErrorKind::kInvalid, "", "OpenCV refuses the picture: " + error.err);
  }
}

}  // namespace winnow::image
