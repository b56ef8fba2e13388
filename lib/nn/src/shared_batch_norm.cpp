#include "shared_batch_norm.hpp"

namespace winnow::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr at::IntArrayRef::value_type kPicturesAndPlaces[] = {0, 2, 3};

torch::Tensor by_channel(const torch::Tensor& values) {
  return values.view({1, -1, 1, 1});
}

// y = (x - mean) / deviation. What comes before and behind it LibTorch can differentiate itself.
class Standardise : public torch::autograd::Function<Standardise> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input,
                               torch::Tensor running_mean, torch::Tensor running_var, double momentum,
                               double epsilon, Team* team) {
    const torch::Tensor x = input.to(torch::kFloat32);
    // In double precision, where the mean of the squares less the square of the mean loses nothing.
    const torch::Tensor own_count =
        torch::full({1}, static_cast<double>(x.numel() / x.size(1)), x.options().dtype(torch::kFloat64));
    const auto [own_var, own_mean] = torch::var_mean(x, kPicturesAndPlaces, /*correction=*/0, false);
    const torch::Tensor mean_sum = own_mean.to(torch::kFloat64) * own_count;
    const torch::Tensor square_sum =
        own_var.to(torch::kFloat64) * own_count + mean_sum * own_mean.to(torch::kFloat64);
    team->sum({own_count, mean_sum, square_sum});
    const torch::Tensor mean = mean_sum / own_count;
    const torch::Tensor var = (square_sum / own_count - mean * mean).clamp_min(0);
    running_mean.lerp_(mean.to(torch::kFloat32), momentum);
    running_var.lerp_((var * own_count / (own_count - 1)).to(torch::kFloat32), momentum);

    const torch::Tensor inverse = (var + epsilon).rsqrt().to(torch::kFloat32);
    torch::Tensor output = (x - by_channel(mean.to(torch::kFloat32))).mul_(by_channel(inverse));
    context->save_for_backward({output, inverse});
    context->saved_data["count"] = own_count.item<double>();
    context->saved_data["team"] = reinterpret_cast<std::int64_t>(team);
    return output.to(input.scalar_type());
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const torch::Tensor& output = saved[0];
    const torch::Tensor gradient = gradients[0].to(torch::kFloat32);
    const torch::Tensor gradient_sum = gradient.sum(kPicturesAndPlaces);
    const torch::Tensor product_sum = (gradient * output).sum(kPicturesAndPlaces);
    reinterpret_cast<Team*>(context->saved_data["team"].toInt())->sum({gradient_sum, product_sum});
    const double count = context->saved_data["count"].toDouble();
    torch::Tensor input_gradient =
        (gradient - by_channel(gradient_sum / count) - output * by_channel(product_sum / count))
            .mul_(by_channel(saved[1]));
    return {input_gradient.to(gradients[0].scalar_type()), {}, {}, {}, {}, {}};
  }
};

}  // namespace

torch::Tensor shared_batch_norm(const torch::Tensor& input, const torch::Tensor& scale,
                                const torch::Tensor& bias, torch::Tensor running_mean,
                                torch::Tensor running_var, double momentum, double epsilon, Team& team) {
  torch::Tensor x = Standardise::apply(input, running_mean, running_var, momentum, epsilon, &team);
  if (scale.defined()) x = x * by_channel(scale).to(x.scalar_type());
  return x + by_channel(bias).to(x.scalar_type());
}

}  // namespace winnow::nn
