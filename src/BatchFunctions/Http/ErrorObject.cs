using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Http;

/// <summary>An error as the API returns it: the envelope, with all four properties.</summary>
internal sealed class ErrorObject
{
    internal ErrorObject(ApiError error) => Error = new Details(error);

    public Details Error { get; }

    internal sealed class Details
    {
        private readonly ApiError _error;

        internal Details(ApiError error) => _error = error;

        [Description("What is wrong, for people.")]
        public string Message => _error.Message;

        [AllowedValues(ApiError.InvalidRequestType, ApiError.ServerType)]
        public string Type => _error.Type;

        [Description("The parameter that is wrong.")]
        public string? Param => _error.Param;

        [Description("What programs tell errors by.")]
        public string? Code => _error.Code;
    }
}
