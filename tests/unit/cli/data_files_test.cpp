#include "winnow/cli/data_files.hpp"

#include <gtest/gtest.h>

namespace winnow::cli {
namespace {

TEST(DataFile, LiesInTheShareFolderBesideThatOfTheProgram) {
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
  EXPECT_EQ(data_file("a.safetensors"), program.parent_path().parent_path() / "share/winnow/a.safetensors");
  EXPECT_EQ(module_file("a.so"), program.parent_path().parent_path() / "lib/winnow/a.so");
}

TEST(DataFile, NeedNotExist) {
  EXPECT_FALSE(std::filesystem::exists(data_file("no such file")));
}

}  // namespace
}  // namespace winnow::cli
