#include "foreign_graph.hpp"

#include <fmt/format.h>

#include <limits>
#include <openvino/core/preprocess/pre_post_process.hpp>
#include <openvino/opsets/opset8.hpp>

#include "winnow/core/error.hpp"

namespace winnow::inference {
namespace {

namespace ops = ov::opset8;

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(ErrorKind::kUnsupported, "", reason);
}

// Where in the shape of its input a network has what.
struct InputLayout {
  const char* name;  // as OpenVINO spells it
  std::ptrdiff_t channels;
  std::ptrdiff_t height;
  std::ptrdiff_t width;
};

InputLayout layout_of(const ov::PartialShape& shape) {
  constexpr InputLayout kPlanes{"NCHW", 1, 2, 3};
  constexpr InputLayout kPixels{"NHWC", 3, 1, 2};
  for (const InputLayout& layout : {kPlanes, kPixels}) {
    if (shape.rank() == 4 && shape[layout.channels] == 3) return layout;
  }
  refuse(fmt::format("its input has the shape {}; pictures are [n, 3, h, w] or [n, h, w, 3]",
                     shape.to_string()));
}

// The size that the graph or the person names; both have to agree.
int input_size(const ov::PartialShape& shape, const InputLayout& layout, int stated) {
  const ov::Dimension& height = shape[layout.height];
  const ov::Dimension& width = shape[layout.width];
  if (height.is_dynamic() || width.is_dynamic()) {
    if (stated == 0)
      refuse("its graph takes pictures of any size; give the one it was trained with as --size");
    return stated;
  }
  if (height != width)
    refuse(fmt::format("it takes pictures of {} x {}; only squares are possible", width.to_string(),
                       height.to_string()));
  const auto side = static_cast<int>(height.get_length());
  if (stated != 0 && stated != side)
    refuse(fmt::format("its graph takes pictures of size {0}; give --size {0}", side));
  return side;
}

void adapt_input(std::shared_ptr<ov::Model>& model, const ForeignModel& foreign) {
  if (model->inputs().size() != 1) {
    refuse(fmt::format("its graph has {} inputs; one, of pictures, is possible", model->inputs().size()));
  }
  ov::PartialShape shape = model->input().get_partial_shape();
  const ov::element::Type type = model->input().get_element_type();
  const InputLayout layout = layout_of(shape);
  const int size = input_size(shape, layout, foreign.size);
  if (shape[0].is_static() && shape[0] != 1) {
    refuse(fmt::format("it takes {} pictures at a time; export it for one, or for any number",
                       shape[0].to_string()));
  }
  if (type != ov::element::u8 && !type.is_real()) {
    refuse(fmt::format("its input is of type {}; uint8 and float are possible", type.to_string()));
  }
  if (type.is_real() && !foreign.normalisation) {
    refuse("its graph takes pixels as real numbers; say how they are scaled with --mean and --scale");
  }
  if (shape[layout.height].is_dynamic() || shape[layout.width].is_dynamic()) {
    shape[layout.height] = shape[layout.width] = size;
    model->reshape(shape);
  }
  ov::preprocess::PrePostProcessor steps(model);
  steps.input().tensor().set_element_type(ov::element::u8).set_layout("NHWC");
  steps.input().model().set_layout(layout.name);
  if (foreign.normalisation) {
    const auto& [mean, scale] = *foreign.normalisation;
    steps.input()
        .preprocess()
        .convert_element_type(ov::element::f32)
        .mean({mean.begin(), mean.end()})
        .scale({scale.begin(), scale.end()});
  }
  model = steps.build();
}

// The one output that has a number for each label.
ov::Output<ov::Node> scores_of(const ov::Model& model, std::size_t labels) {
  std::vector<ov::Output<ov::Node>> fitting;
  std::string shapes;
  for (const auto& result : model.get_results()) {
    const ov::Output<ov::Node> output = result->input_value(0);
    const ov::PartialShape shape = output.get_partial_shape();
    shapes += (shapes.empty() ? "" : ", ") + shape.to_string();
    if (shape.rank() == 2 && shape[1] == static_cast<std::int64_t>(labels)) fitting.push_back(output);
  }
  if (fitting.size() == 1) return fitting.front();
  refuse(fmt::format("{} of its outputs ({}) have one number for each of the {} labels; one has to",
                     fitting.empty() ? "none" : "several", shapes, labels));
}

}  // namespace

void adapt_foreign_graph(std::shared_ptr<ov::Model>& model, const ForeignModel& foreign) {
  adapt_input(model, foreign);
  ov::Output<ov::Node> scores = scores_of(*model, foreign.labels.size());
  const bool are_probabilities =
      std::string_view(scores.get_node()->get_type_name()) == ops::Softmax::get_type_info_static().name;
  if (scores.get_element_type() != ov::element::f32) {
    scores = std::make_shared<ops::Convert>(scores, ov::element::f32);
  }
  // A probability of 0 would give a logit of minus infinity.
  const ov::Output<ov::Node> above_zero = std::make_shared<ops::Maximum>(
      scores, ops::Constant::create(ov::element::f32, {}, {std::numeric_limits<float>::min()}));
  const auto logits = std::make_shared<ops::Result>(
      are_probabilities ? std::make_shared<ops::Log>(above_zero)->output(0) : scores);
  const auto probabilities = std::make_shared<ops::Result>(
      are_probabilities ? scores : std::make_shared<ops::Softmax>(scores, 1)->output(0));
  model = std::make_shared<ov::Model>(ov::ResultVector{logits, probabilities}, model->get_parameters());
  logits->input_value(0).get_tensor().add_names({"logits"});
  probabilities->input_value(0).get_tensor().add_names({"probabilities"});
}

}  // namespace winnow::inference
