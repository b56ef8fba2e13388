#include "front_door.hpp"

int main(int argc, char** argv) {
  return winnow::tools::open_front_door(argc, argv);
}
