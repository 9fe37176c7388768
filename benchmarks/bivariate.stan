// The joint model of two or more scores, without work, covariates and clusters, as in twin/MODEL.md:
// the same likelihood, parameters and priors as twin.fit.model builds for such a cohort.
//
// Start, set point and response of a person are integrated out, given the person's rate; only the
// rate and what lies beyond the ends of a scale are sampled for each person or score. Everything
// that does not differ between people - uptake, correlation of flares at the distinct weeks of
// visits - is computed once.
data {
  int<lower=1> N; // people
  int<lower=1> K; // outcomes
  int<lower=1> A; // arms, the reference arm first
  int<lower=1> C; // cells of person time
  int<lower=1> W; // distinct weeks of visits
  int<lower=1> S; // scores
  int<lower=0> E; // scores at an end of their scale
  int<lower=0> F; // published test-retest errors
  array[N] int<lower=1> first; // scores are ordered by person
  array[N] int<lower=0> count;
  array[N] int<lower=1> arm;
  vector[W] week;
  array[S] int<lower=1> occasion; // index of the week
  array[S] int<lower=1> outcome;
  vector[S] severity; // for a score at an end, the bound beyond which it lies
  vector[S] rounding_variance;
  array[E] int<lower=1> at_end;
  vector[E] end; // -1 floor, +1 ceiling
  vector[C] cell_start;
  vector[C] cell_end;
  array[A] vector[C] delivered;
  array[A] vector[C] ended;
  array[A] vector[C] weeks_ended;
  real usual_week;
  int<lower=0> entry_outcome; // 0 without a threshold
  real entry_bound;
  array[F] int<lower=1> retest_outcome;
  vector[F] retest_sem;
  vector[F] retest_lag;
  real<lower=0> retest_log_sd;
  // hyperparameters, in the order in which the distributions below take them
  array[2] real start_mean_prior;
  array[2] real set_point_mean_prior;
  array[2] real log_rate_mean_prior;
  array[2] real log_rate_sd_prior;
  array[2] real start_sd_prior;
  array[2] real set_point_sd_prior;
  real person_correlation_prior;
  array[2] real spread_prior;
  array[2] real persistent_share_prior;
  array[2] real persistence_prior;
  real flare_correlation_prior;
  array[2] real response_time_prior;
  array[2] real arm_effect_prior;
  array[2] real response_slope_prior;
  array[2] real response_sd_prior;
  real response_correlation_prior;
  array[2] real lasting_share_prior;
  array[2] real waning_half_life_prior;
}
transformed data {
  matrix[W, W] apart;
  array[S] int slot; // row of a score in the table of flares: outcomes within weeks
  for (v in 1 : W) {
    for (w in 1 : W) {
      apart[v, w] = abs(week[v] - week[w]);
    }
  }
  for (s in 1 : S) {
    slot[s] = (occasion[s] - 1) * K + outcome[s];
  }
}
parameters {
  vector[K] start_mean;
  vector[K] set_point_mean;
  vector[K] log_rate_mean;
  real<lower=0> log_rate_sd;
  vector<lower=0>[K] start_sd;
  vector<lower=0>[K] set_point_sd;
  cholesky_factor_corr[2 * K] person_correlation;
  vector<lower=0>[K] spread;
  vector<lower=0, upper=1>[K] persistent_share;
  real<lower=0> persistence;
  cholesky_factor_corr[K] flare_correlation;
  vector<lower=0>[A - 1] response_time;
  array[A - 1] vector[K] arm_effect_taken_up;
  array[A - 1] vector[K] response_slope;
  array[A - 1] vector<lower=0>[K] response_sd;
  vector<lower=0, upper=1>[A - 1] lasting_share;
  vector<lower=0>[A - 1] waning_half_life;
  cholesky_factor_corr[K] response_correlation;
  vector[N] z;
  vector<lower=0>[E] beyond_end;
}
model {
  start_mean ~ normal(start_mean_prior[1], start_mean_prior[2]);
  set_point_mean ~ normal(set_point_mean_prior[1], set_point_mean_prior[2]);
  log_rate_mean ~ normal(log_rate_mean_prior[1], log_rate_mean_prior[2]);
  log_rate_sd ~ lognormal(log_rate_sd_prior[1], log_rate_sd_prior[2]);
  start_sd ~ lognormal(start_sd_prior[1], start_sd_prior[2]);
  set_point_sd ~ lognormal(set_point_sd_prior[1], set_point_sd_prior[2]);
  person_correlation ~ lkj_corr_cholesky(person_correlation_prior);
  spread ~ lognormal(spread_prior[1], spread_prior[2]);
  persistent_share ~ beta(persistent_share_prior[1], persistent_share_prior[2]);
  persistence ~ lognormal(persistence_prior[1], persistence_prior[2]);
  flare_correlation ~ lkj_corr_cholesky(flare_correlation_prior);
  response_time ~ lognormal(response_time_prior[1], response_time_prior[2]);
  lasting_share ~ beta(lasting_share_prior[1], lasting_share_prior[2]);
  waning_half_life ~ lognormal(waning_half_life_prior[1], waning_half_life_prior[2]);
  response_correlation ~ lkj_corr_cholesky(response_correlation_prior);
  z ~ std_normal();

  // by arm: factor of the covariance of start, set point and response; mean; uptake by week
  int Q = 3 * K;
  array[A] matrix[Q, Q] factor;
  array[A] vector[Q] mean_effect;
  array[A] vector[W] uptake = rep_array(zeros_vector(W), A);
  matrix[2 * K, 2 * K] own = diag_pre_multiply(append_row(start_sd, set_point_sd),
                                               person_correlation);
  for (a in 1 : A) {
    factor[a] = rep_matrix(0, Q, Q);
    factor[a, 1 : 2 * K, 1 : 2 * K] = own;
    mean_effect[a] = append_row(append_row(start_mean, set_point_mean), zeros_vector(K));
  }
  for (b in 1 : A - 1) {
    int a = b + 1;
    arm_effect_taken_up[b] ~ normal(arm_effect_prior[1], arm_effect_prior[2]);
    response_slope[b] ~ normal(response_slope_prior[1], response_slope_prior[2]);
    response_sd[b] ~ lognormal(response_sd_prior[1], response_sd_prior[2]);
    mean_effect[a, 2 * K + 1 : Q] = arm_effect_taken_up[b] / (1 - exp(-usual_week / response_time[b]));
    factor[a, 2 * K + 1 : Q, 1 : 2 * K] = diag_pre_multiply(response_slope[b], own[1 : K]);
    factor[a, 2 * K + 1 : Q, 2 * K + 1 : Q] = diag_pre_multiply(response_sd[b],
                                                                response_correlation);
    vector[C] dose = delivered[a]
                     + ended[a] .* (lasting_share[b]
                                    + (1 - lasting_share[b])
                                      * exp2(-weeks_ended[a] / waning_half_life[b]));
    for (w in 1 : W) {
      uptake[a, w] = dot_product(dose,
                                 exp(-fdim(week[w], cell_end) / response_time[b])
                                 - exp(-fdim(week[w], cell_start) / response_time[b]));
    }
  }

  // flares at the distinct weeks, and error
  vector[K] flare_sd = spread .* sqrt(persistent_share);
  vector[K] error_variance = square(spread) .* (1 - persistent_share);
  matrix[K, K] flare = tcrossprod(diag_pre_multiply(flare_sd, flare_correlation));
  matrix[W, W] rho = exp(-apart / persistence);
  matrix[W * K, W * K] flares;
  for (v in 1 : W) {
    for (w in 1 : W) {
      flares[(v - 1) * K + 1 : v * K, (w - 1) * K + 1 : w * K] = rho[v, w] * flare;
    }
  }

  vector[S] latent = severity;
  latent[at_end] += end .* beyond_end;
  vector[S] variance = rounding_variance + error_variance[outcome];
  vector[K] rate = exp(log_rate_mean);
  vector[N] pace = exp(log_rate_sd * z); // of a person, in every outcome
  for (i in 1 : N) {
    int n = count[i];
    if (n == 0) {
      continue;
    }
    array[n] int own_scores = linspaced_int_array(n, first[i], first[i] + n - 1);
    array[n] int k = outcome[own_scores];
    vector[n] remaining = exp(-pace[i] * rate[k] .* week[occasion[own_scores]]);
    int q = arm[i] == 1 ? 2 * K : Q; // nobody in the reference arm has a response
    matrix[n, q] design = rep_matrix(0, n, q);
    for (t in 1 : n) {
      design[t, k[t]] = remaining[t];
      design[t, K + k[t]] = 1 - remaining[t];
      if (q == Q) {
        design[t, 2 * K + k[t]] = uptake[arm[i], occasion[own_scores[t]]];
      }
    }
    matrix[n, n] covariance = tcrossprod(design * factor[arm[i], 1 : q, 1 : q])
                              + flares[slot[own_scores], slot[own_scores]];
    target += multi_normal_lpdf(latent[own_scores] | design * mean_effect[arm[i], 1 : q],
                                add_diag(covariance, variance[own_scores]));
  }

  if (entry_outcome > 0) {
    target += -N * std_normal_lcdf((start_mean[entry_outcome] - entry_bound)
                                   / hypot(start_sd[entry_outcome], spread[entry_outcome]));
  }
  for (f in 1 : F) {
    int k = retest_outcome[f];
    real implied = spread[k]
                   * sqrt(1 - persistent_share[k] * exp(-retest_lag[f] / persistence));
    target += normal_lupdf(log(implied) | log(retest_sem[f]), retest_log_sd);
  }
}
