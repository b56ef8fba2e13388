#pragma once

namespace winnow::test {

// A TCP port of the loopback interface on which nobody listens at the moment.
int free_port();

}  // namespace winnow::test
