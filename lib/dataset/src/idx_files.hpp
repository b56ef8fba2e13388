#pragma once

#include <filesystem>
#include <vector>

#include "winnow/dataset/dataset.hpp"

namespace winnow::dataset {

// The files of pictures among those of a folder: NAME-images-idx3-ubyte, also .gz. Sorted by NAME; of two
// with one NAME the one that is not compressed. Throws std::filesystem::filesystem_error.
[[nodiscard]] std::vector<std::filesystem::path> idx_images_in(const std::filesystem::path& folder);

// Pictures as MNIST stores them (http://yann.lecun.com/exdb/mnist, "the IDX file format"): beside each file
// of pictures one of labels, NAME-labels-idx1-ubyte. Classes are named by their numbers. Samples are called
// NAME/00042.bmp and read as grey BMP files; those of a NAME that is or ends with "t10k" or "test" are for
// the test, if there are others. Compressed pictures are unpacked into memory, others read when they are
// asked for. Throws Error{kInvalid | kIo}: labels missing or of another number, another kind of file, a size
// that does not fit what the header says; sizes are checked before memory is taken.
[[nodiscard]] Dataset open_idx_files(const std::filesystem::path& folder,
                                     const std::vector<std::filesystem::path>& images);

}  // namespace winnow::dataset
